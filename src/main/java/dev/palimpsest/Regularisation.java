package dev.palimpsest;

import dev.palimpsest.tune.Orthogonal;
import dev.palimpsest.tune.Regularisers;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What holds a training's weights near the base's, or out of other tasks' way. A value: each method
 * returns another one.
 */
public final class Regularisation {
  private final Regularisers settings;

  private Regularisation(Regularisers settings) {
    this.settings = settings;
  }

  /**
   * Nothing.
   *
   * @return the settings
   */
  public static Regularisation none() {
    return new Regularisation(Regularisers.NONE);
  }

  /**
   * Adds λ/2 times the squared distance from the base's weights to the loss.
   *
   * @param lambda above 0
   * @return these settings with it
   */
  public Regularisation l2ToStart(double lambda) {
    return new Regularisation(new Regularisers(lambda, settings.ewc(), settings.orthogonal()));
  }

  /**
   * Adds the same distance with each weight counted by its Fisher information (elastic weight
   * consolidation, Kirkpatrick et al., 1612.00796).
   *
   * @param lambda above 0
   * @param data that the information is measured along, read as the training data is
   * @return these settings with it
   */
  public Regularisation ewc(double lambda, Path data) {
    return new Regularisation(
        settings.with(new Regularisers.Elastic(lambda, data.toAbsolutePath(), 0)));
  }

  /**
   * Makes the overlap of a LoRA's directions with those of earlier tasks' a term of the loss
   * (O-LoRA, Wang et al., 2310.14152).
   *
   * @param weight of the term, above 0; the paper's is 0.5
   * @param adapters of the earlier tasks, in PEFT's layout
   * @return these settings with it
   */
  public Regularisation orthogonalTo(double weight, Path... adapters) {
    return with(Orthogonal.of(List.of(adapters), Orthogonal.By.PENALTY, weight));
  }

  /**
   * Takes the directions of earlier tasks' adapters out of a LoRA at every step.
   *
   * @param adapters of the earlier tasks, in PEFT's layout
   * @return these settings with it
   */
  public Regularisation projectedFrom(Path... adapters) {
    return with(Orthogonal.of(List.of(adapters), Orthogonal.By.PROJECTION, Orthogonal.WEIGHT));
  }

  private Regularisation with(Orthogonal other) {
    return new Regularisation(
        new Regularisers(settings.l2ToStart(), settings.ewc(), Optional.of(other)));
  }

  Regularisers settings() {
    return settings;
  }
}
