package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Ratio;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * LoRA against full tuning where both gain the same.
 *
 * @param gain at which they are compared
 * @param lora KL there, in nats a token, between the runs' means
 * @param full likewise
 * @param ratio of full's over LoRA's by seed (geometric mean, t over seeds); empty unless in two
 *     seeds or more both reach the gain
 * @param seeds in which both reach it
 */
public record Matched(
    double gain, double lora, double full, Optional<StudyResult.Share> ratio, int seeds) {
  private static final double[] SHARES = {0.5, 1};

  /**
   * At half of the gain that both reach, and at all of it.
   *
   * @return empty where one of them gains nothing, or nothing was measured along texts
   */
  static List<Matched> of(List<StudyResult.Row> rows) {
    if (rows.stream().anyMatch(row -> row.drift().isEmpty())) {
      return List.of();
    }
    MatchedGain lora = new MatchedGain(means(rows, "lora"));
    MatchedGain full = new MatchedGain(means(rows, "full"));
    double most = Math.min(lora.most(), full.most());
    return most <= 0
        ? List.of()
        : Arrays.stream(SHARES).mapToObj(share -> at(share * most, lora, full, rows)).toList();
  }

  private static Matched at(
      double gain, MatchedGain lora, MatchedGain full, List<StudyResult.Row> rows) {
    int seeds = rows.stream().mapToInt(row -> row.seeds().size()).min().orElse(0);
    double[] logs =
        IntStream.range(0, seeds)
            .mapToObj(
                seed ->
                    logRatio(
                        new MatchedGain(points(rows, "lora", seed)),
                        new MatchedGain(points(rows, "full", seed)),
                        gain))
            .flatMapToDouble(OptionalDouble::stream)
            .toArray();
    return new Matched(
        gain,
        lora.lossAt(gain).orElseThrow(),
        full.lossAt(gain).orElseThrow(),
        ratio(logs),
        logs.length);
  }

  private static OptionalDouble logRatio(MatchedGain lora, MatchedGain full, double gain) {
    OptionalDouble one = lora.lossAt(gain);
    OptionalDouble other = full.lossAt(gain);
    return one.isPresent() && other.isPresent() && one.getAsDouble() > 0 && other.getAsDouble() > 0
        ? OptionalDouble.of(Math.log(other.getAsDouble() / one.getAsDouble()))
        : OptionalDouble.empty();
  }

  private static Optional<StudyResult.Share> ratio(double[] logs) {
    if (logs.length < 2) {
      return Optional.empty();
    }
    double[] ones = new double[logs.length];
    Arrays.fill(ones, 1);
    Ratio mean = Ratio.of(logs, ones);
    return Optional.of(
        new StudyResult.Share(
            Math.exp(mean.value()),
            mean.interval()
                .map(i -> new Interval(Math.exp(i.low()), Math.exp(i.high()), i.method()))));
  }

  private static List<MatchedGain.Point> means(List<StudyResult.Row> rows, String series) {
    return rows.stream()
        .filter(row -> row.dose().series().equals(series))
        .map(row -> new MatchedGain.Point(row.gain().delta(), row.drift().orElseThrow().kl()))
        .toList();
  }

  private static List<MatchedGain.Point> points(
      List<StudyResult.Row> rows, String series, int seed) {
    return rows.stream()
        .filter(row -> row.dose().series().equals(series))
        .map(
            row ->
                new MatchedGain.Point(
                    row.gain().bySeed().get(seed) - (row.gain().after() - row.gain().delta()),
                    row.drift().orElseThrow().bySeed().get(seed)))
        .toList();
  }
}
