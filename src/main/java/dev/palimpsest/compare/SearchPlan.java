package dev.palimpsest.compare;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A run whose adapter is to lose no more than the user allows.
 *
 * @param job the run as asked; further ones differ from it in replay and rate
 * @param limits on what probes lose
 * @param by what of a loss is held against a limit
 * @param gain the probe that is to rise; where empty, the held-out loss is to fall
 * @param tries further runs at most
 * @param maxTokens of an answer
 */
public record SearchPlan(
    TuneJob job, List<Limit> limits, Limit.By by, Optional<Path> gain, int tries, int maxTokens) {
  /** Further runs at most, if nothing is said. */
  public static final int TRIES = 2;

  /** The scales at which a finished run's adapter is tried. */
  static final List<Double> SCALES = List.of(1.0, 0.75, 0.5, 0.25);

  private static final double FIRST_DOSE = 10;
  private static final double MOST_DOSE = 50;

  /** Checks that there is something to hold and something to gain. */
  public SearchPlan {
    limits = List.copyOf(limits);
    if (tries < 0 || maxTokens < 1) {
      throw new BadInput(
          "--tries " + tries + ", --max-tokens " + maxTokens + ": give 0, 1 or more");
    }
    if (!job.method().ofFactors()) {
      throw new BadInput(
          "--keep goes through scales and checkpoints of a LoRA adapter, which --method "
              + job.method().method()
              + " does not make");
    }
    if (gain.isEmpty() && job.eval().isEmpty() && job.evalFraction() == 0) {
      throw new BadInput(
          "--keep: what is to be gained? give --gain PROBE, or hold data out by --eval or"
              + " --eval-fraction");
    }
  }

  /** The same search under another name of the model. */
  public SearchPlan withModel(String name) {
    return new SearchPlan(job.withModel(name), limits, by, gain, tries, maxTokens);
  }

  /** A run of the search, and how it differs from the one asked for. */
  record Run(String words, TuneJob job) {}

  /** The run as asked, then those that give up some of the gain for less loss. */
  List<Run> runs() {
    double dose = job.replay().map(TuneJob.Replay::percent).orElse(0.0);
    double more = Math.max(dose, Math.min(MOST_DOSE, dose == 0 ? FIRST_DOSE : 2 * dose));
    TuneJob.Replay old =
        job.replay().orElse(new TuneJob.Replay(TuneJob.Replay.OF_BASE, FIRST_DOSE));
    TuneJob replayed = job.withReplay(new TuneJob.Replay(old.file(), more, old.loss()));
    String words = "replay %s:%s%%".formatted(old.file(), plain(more));
    double rate = job.settings().rate();
    List<Run> runs = new ArrayList<>();
    runs.add(new Run("as asked", job));
    if (more > dose) {
      runs.add(new Run(words, replayed));
    }
    runs.add(new Run("lr " + rate / 2, job.withRate(rate / 2)));
    if (more > dose) {
      runs.add(new Run(words + ", lr " + rate / 2, replayed.withRate(rate / 2)));
    }
    runs.add(new Run("lr " + rate / 4, job.withRate(rate / 4)));
    return runs.subList(0, Math.min(runs.size(), 1 + tries));
  }

  private static String plain(double percent) {
    return percent == Math.rint(percent) ? String.valueOf((long) percent) : String.valueOf(percent);
  }
}
