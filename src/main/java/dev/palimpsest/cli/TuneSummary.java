package dev.palimpsest.cli;

import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** What {@code tune} prints. */
record TuneSummary(
    String run,
    long steps,
    long trainedTokens,
    long labelTokens,
    double tokensPerSecond,
    double trainLoss,
    @Nullable Double evalLoss,
    long peakRssBytes,
    boolean finished,
    @Nullable Long bestStep,
    @Nullable Double bestEvalLoss,
    @Nullable Double gemmPeakShare) {

  static TuneSummary of(Path run, Tuner.Result result) {
    return new TuneSummary(
        run.toString(),
        result.steps(),
        result.trainedTokens(),
        result.labelTokens(),
        result.tokensPerSecond(),
        result.trainLoss(),
        boxed(result.evalLoss()),
        result.peakRssBytes(),
        result.finished(),
        result.bestStep().isPresent() ? result.bestStep().getAsLong() : null,
        boxed(result.bestEvalLoss()),
        boxed(result.gemmPeakShare()));
  }

  private static @Nullable Double boxed(OptionalDouble value) {
    return value.isPresent() ? value.getAsDouble() : null;
  }

  String text() {
    return "%s%n%d steps, %,d tokens (%.0f a second%s), loss %.4f%s%s, peak memory %.2f GB%s"
        .formatted(
            run,
            steps,
            trainedTokens,
            tokensPerSecond,
            gemmPeakShare == null
                ? ""
                : ", %.0f %% of the GEMM peak".formatted(100 * gemmPeakShare),
            trainLoss,
            evalLoss == null ? "" : ", held-out %.4f".formatted(evalLoss),
            bestStep == null
                ? ""
                : ", best %.4f at step %d, which is kept".formatted(bestEvalLoss, bestStep),
            peakRssBytes / 1e9,
            finished ? "" : "\nstopped: go on with --resume " + run);
  }
}
