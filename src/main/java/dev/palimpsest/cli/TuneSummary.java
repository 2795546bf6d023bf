package dev.palimpsest.cli;

import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
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
    boolean finished) {

  static TuneSummary of(Path run, Tuner.Result result) {
    return new TuneSummary(
        run.toString(),
        result.steps(),
        result.trainedTokens(),
        result.labelTokens(),
        result.tokensPerSecond(),
        result.trainLoss(),
        result.evalLoss().isPresent() ? result.evalLoss().getAsDouble() : null,
        result.peakRssBytes(),
        result.finished());
  }

  String text() {
    return "%s%n%d steps, %,d tokens (%.0f a second), loss %.4f%s, peak memory %.2f GB%s"
        .formatted(
            run,
            steps,
            trainedTokens,
            tokensPerSecond,
            trainLoss,
            evalLoss == null ? "" : ", held-out %.4f".formatted(evalLoss),
            peakRssBytes / 1e9,
            finished ? "" : "\nstopped: go on with --resume " + run);
  }
}
