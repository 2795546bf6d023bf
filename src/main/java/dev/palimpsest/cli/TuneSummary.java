package dev.palimpsest.cli;

import dev.palimpsest.tune.Retention;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** What {@code tune} prints. */
record TuneSummary(
    String run,
    long steps,
    long trainedTokens,
    long labelTokens,
    double tokensPerSecond,
    @Nullable Double trainLoss,
    @Nullable Double evalLoss,
    long peakRssBytes,
    boolean finished,
    @Nullable Long bestStep,
    @Nullable Double bestEvalLoss,
    @Nullable Double gemmPeakShare,
    @Nullable Retention retention) {

  static TuneSummary of(Path run, Tuner.Result result) {
    return new TuneSummary(
        run.toString(),
        result.steps(),
        result.trainedTokens(),
        result.labelTokens(),
        result.tokensPerSecond(),
        Double.isNaN(result.trainLoss()) ? null : (Double) result.trainLoss(),
        boxed(result.evalLoss()),
        result.peakRssBytes(),
        result.finished(),
        result.bestStep().isPresent() ? result.bestStep().getAsLong() : null,
        boxed(result.bestEvalLoss()),
        boxed(result.gemmPeakShare()),
        result.retention().orElse(null));
  }

  private static @Nullable Double boxed(OptionalDouble value) {
    return value.isPresent() ? value.getAsDouble() : null;
  }

  String text() {
    return "%s%n%d steps, %,d tokens (%.0f a second%s)%s%s%s, peak memory %.2f GB%s"
            .formatted(
                run,
                steps,
                trainedTokens,
                tokensPerSecond,
                gemmPeakShare == null
                    ? ""
                    : ", %.0f %% of the GEMM peak".formatted(100 * gemmPeakShare),
                trainLoss == null ? "" : ", loss %.4f".formatted(trainLoss),
                evalLoss == null ? "" : ", held-out %.4f".formatted(evalLoss),
                kept(),
                peakRssBytes / 1e9,
                finished ? "" : "\nstopped: go on with --resume " + run)
        + (retention == null ? "" : RetentionText.of(retention, Objects.requireNonNull(bestStep)));
  }

  /** Whether the product is more than what the run began with. */
  boolean learned() {
    return bestStep == null || bestStep > 0;
  }

  private String kept() {
    if (bestStep == null || (retention != null && bestStep == steps)) {
      return "";
    }
    return bestEvalLoss == null
        ? ", step %d is kept".formatted(bestStep)
        : ", best %.4f at step %d, which is kept".formatted(bestEvalLoss, bestStep);
  }
}
