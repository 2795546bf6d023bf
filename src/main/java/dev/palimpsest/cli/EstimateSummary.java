package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.Estimate;
import org.jspecify.annotations.Nullable;

/** What {@code estimate} prints. */
record EstimateSummary(
    long steps,
    double epochs,
    long trainedTokens,
    long labelTokens,
    double flops,
    double seconds,
    long peakBytes,
    @Nullable Double cost,
    Epoch perEpoch,
    Estimate.Probe probe) {

  /** The same for one pass over the data. */
  record Epoch(double trainedTokens, double flops, double seconds, @Nullable Double cost) {}

  static EstimateSummary of(Estimate found, @Nullable Double price) {
    if (price != null && !(price >= 0 && Double.isFinite(price))) {
      throw new BadInput("--price " + price + ": give 0 or more for an hour");
    }
    Double cost = price == null ? null : price * found.seconds() / 3600;
    double epochs = found.epochs();
    return new EstimateSummary(
        found.steps(),
        epochs,
        found.trainedTokens(),
        found.labelTokens(),
        found.flops(),
        found.seconds(),
        found.peakBytes(),
        cost,
        new Epoch(
            found.trainedTokens() / epochs,
            found.flops() / epochs,
            found.seconds() / epochs,
            cost == null ? null : cost / epochs),
        found.probe());
  }

  String text() {
    return "%d steps, %.2f epochs: %,d tokens (%,d labels), %.3g operations, %s, peak memory %.2f GB%s"
        .formatted(
            steps,
            epochs,
            trainedTokens,
            labelTokens,
            flops,
            time(seconds),
            peakBytes / 1e9,
            cost == null ? "" : ", cost %.4f".formatted(cost));
  }

  private static String time(double seconds) {
    long whole = Math.round(seconds);
    return whole < 60
        ? "%.1f s".formatted(seconds)
        : "%d:%02d:%02d".formatted(whole / 3600, whole / 60 % 60, whole % 60);
  }
}
