package dev.palimpsest.measure;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.hipparchus.distribution.continuous.TDistribution;

/**
 * A ratio of sums that each of several seeds was measured on over the same units (items, documents
 * or texts). Both are draws: another seed trains otherwise, another unit asks otherwise. The
 * interval speaks of both (docs/decisions/statistics.md).
 *
 * <p>The linearised ratio's variance is taken apart as in a two-way table without replication; the
 * two parts are joined as Howe does (JASA 69, 1974, 789-794): half² = t²(seeds − 1) · v(seeds) +
 * t²(units − 1) · v(units). With one seed it is {@link Ratio}.
 *
 * @param value the ratio
 * @param half of its 95 % interval; NaN with a single unit
 */
public record Crossed(double value, double half) {
  private static final double UPPER = 0.975;

  /**
   * Estimates it.
   *
   * @param amounts by seed and unit, such as items won less items lost
   * @param sizes likewise, such as items; their sum is not 0
   */
  static Crossed of(double[][] amounts, double[][] sizes) {
    int seeds = amounts.length;
    int units = amounts[0].length;
    double size = sum(sizes);
    double value = sum(amounts) / size;
    double[][] parts = new double[seeds][units]; // what each cell adds to the ratio
    double[] bySeed = new double[seeds];
    double[] byUnit = new double[units];
    for (int s = 0; s < seeds; s++) {
      for (int u = 0; u < units; u++) {
        parts[s][u] = (amounts[s][u] - value * sizes[s][u]) / size;
        bySeed[s] += parts[s][u];
        byUnit[u] += parts[s][u];
      }
    }
    double residual = 0;
    for (int s = 0; s < seeds; s++) {
      for (int u = 0; u < units; u++) {
        double left = parts[s][u] - bySeed[s] / units - byUnit[u] / seeds;
        residual += left * left;
      }
    }
    double overUnits = squares(byUnit) * units / (units - 1.0);
    if (seeds == 1) {
      return new Crossed(value, quantile(units) * Math.sqrt(overUnits));
    }
    double overSeeds = squares(bySeed) * seeds / (seeds - 1.0);
    double shared = residual * seeds * units / ((seeds - 1.0) * (units - 1.0));
    double ts = quantile(seeds);
    double tu = quantile(units);
    double half = Math.sqrt(ts * ts * overSeeds + tu * tu * Math.max(0, overUnits - shared));
    return new Crossed(value, half);
  }

  /**
   * Δ of a probe against the reference: a share of items, or bits a byte.
   *
   * @param seeds the same probe for each
   */
  public static Crossed change(List<ProbeResult> seeds) {
    return of(
        each(seeds, result -> new Rows(result.rows()).changes()),
        each(seeds, result -> new Rows(result.rows()).sizes()));
  }

  /** Δ of a probe as a share of another arm's Δ of it, seed by seed. */
  public static Crossed changeAgainst(List<ProbeResult> seeds, List<ProbeResult> others) {
    return of(
        each(seeds, result -> new Rows(result.rows()).changes()),
        each(others, result -> new Rows(result.rows()).changes()));
  }

  /** KL(base‖arm) in nats a token. */
  public static Crossed divergence(List<Divergence> seeds) {
    return of(sums(seeds, Divergence.Text::klNats), sums(seeds, Divergence.Text::tokens));
  }

  /** KL(base‖arm) as a share of another arm's, seed by seed. */
  public static Crossed divergenceAgainst(List<Divergence> seeds, List<Divergence> others) {
    return of(sums(seeds, Divergence.Text::klNats), sums(others, Divergence.Text::klNats));
  }

  /** Δ in bits a byte along the texts; empty if none has bytes. */
  public static Optional<Crossed> bits(List<Divergence> seeds) {
    return seeds.getFirst().bits().isEmpty()
        ? Optional.empty()
        : Optional.of(
            of(
                sums(seeds, text -> text.bitsAfter() - text.bitsBefore()),
                sums(seeds, Divergence.Text::bytes)));
  }

  /** At 95 %; absent where one unit is all there is. */
  public Optional<Interval> interval() {
    return Double.isNaN(half)
        ? Optional.empty()
        : Optional.of(new Interval(value - half, value + half, Interval.Method.CROSSED));
  }

  /**
   * At 95 %, of the logarithm: for what cannot be negative and varies by factors, as KL does from
   * seed to seed.
   */
  public Optional<Interval> positiveInterval() {
    double factor = Math.exp(half / value);
    return Double.isNaN(factor) || value <= 0
        ? Optional.empty()
        : Optional.of(new Interval(value / factor, value * factor, Interval.Method.CROSSED));
  }

  private static <T> double[][] each(List<T> seeds, Function<T, double[]> values) {
    return seeds.stream().map(values).toArray(double[][]::new);
  }

  private static double[][] sums(List<Divergence> seeds, ToDoubleFunction<Divergence.Text> value) {
    return each(seeds, along -> along.texts().stream().mapToDouble(value).toArray());
  }

  private static double quantile(int draws) {
    return draws < 2
        ? Double.NaN
        : new TDistribution(draws - 1.0).inverseCumulativeProbability(UPPER);
  }

  private static double sum(double[][] values) {
    return Arrays.stream(values).flatMapToDouble(Arrays::stream).sum();
  }

  private static double squares(double[] values) {
    return Arrays.stream(values).map(value -> value * value).sum();
  }
}
