package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Scope;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Adapters of earlier tasks whose directions an adapter is kept out of (O-LoRA, Wang et al.,
 * 2310.14152).
 *
 * @param to the earlier ones
 * @param weight λ of the penalty; without meaning for the projection
 */
public record Orthogonal(List<Earlier> to, By by, double weight) {
  /** λ, if nothing is said. */
  public static final double WEIGHT = 0.5;

  /** How. */
  public enum By {
    /** The overlap is a term of the loss ({@link OverlapPenalty}). */
    PENALTY,
    /** There is no overlap at any step ({@link OverlapProjection}). */
    PROJECTION
  }

  /** Copies the list, and checks the weight. */
  public Orthogonal {
    to = List.copyOf(to);
    by = Objects.requireNonNullElse(by, By.PENALTY);
    Regularisers.requireAbove0("--orthogonal-weight", weight);
  }

  /** To adapters as they are now. */
  public static Orthogonal of(List<Path> adapters, By by, double weight) {
    return new Orthogonal(adapters.stream().map(Earlier::of).toList(), by, weight);
  }

  /** The adapters' contents, whatever their places. */
  String key() {
    return to.stream().map(Earlier::sha256).collect(Collectors.joining(" ", "orthogonal to ", ""));
  }

  /** Refuses what has no A, or one that the model hangs on from the start. */
  void require(Method method) {
    if (method instanceof PromptLearning || method instanceof Full) {
      throw new BadInput(
          "--orthogonal-to beside --method " + method.method() + ": only a LoRA has directions A");
    }
    boolean begun = method.method().equals("pissa") || method instanceof Continued;
    if (by == By.PROJECTION && begun) {
      throw new BadInput(
          "--orthogonal-by projection beside "
              + (method instanceof Continued ? "--from" : "--method pissa")
              + ": the adapter begins as a part of the model, which the projection would change;"
              + " take --orthogonal-by penalty");
    }
  }

  /**
   * Refuses adapters that have no module in common with the method's, or are of another base.
   *
   * @param loaded the run's base
   */
  void require(Method method, LanguageModel loaded) {
    try (Scope _ = Scope.open()) {
      for (Earlier each : to) {
        boolean common =
            each.read(loaded).factors().keySet().stream()
                .map(module -> module + ".weight")
                .anyMatch(method.changes(loaded.decoder().config())::contains);
        if (!common) {
          throw new BadInput(
              "--orthogonal-to "
                  + each.adapter()
                  + ": changes no module that this run changes; see --targets and --layers");
        }
      }
    }
  }

  Regulariser over(LanguageModel loaded) {
    return by == By.PENALTY
        ? new OverlapPenalty(weight, () -> EarlierRows.of(loaded, to))
        : new OverlapProjection(() -> EarlierRows.of(loaded, to));
  }
}
