package dev.palimpsest.measure;

import org.hipparchus.distribution.continuous.BetaDistribution;
import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * How many of some items came out right.
 *
 * @param right at most {@code n}
 * @param n items, at least one
 */
public record Share(int right, int n) {
  private static final double ALPHA = 0.05;
  private static final double Z =
      new NormalDistribution().inverseCumulativeProbability(1 - ALPHA / 2);

  /** Refuses other counts. */
  public Share {
    if (n < 1 || right < 0 || right > n) {
      throw new IllegalArgumentException(right + " right of " + n + " items");
    }
  }

  /** The share itself. */
  public double value() {
    return (double) right / n;
  }

  /** Its exact 95 % interval (Clopper and Pearson, Biometrika 26, 1934, 404-413). */
  public Interval interval() {
    double low = right == 0 ? 0 : quantile(right, n - right + 1, ALPHA / 2);
    double high = right == n ? 1 : quantile(right + 1, n - right, 1 - ALPHA / 2);
    return new Interval(low, high, Interval.Method.EXACT);
  }

  private static double quantile(int a, int b, double probability) {
    return new BetaDistribution(a, b, 1e-15).inverseCumulativeProbability(probability);
  }

  /** Its 95 % score interval (Wilson, JASA 22, 1927, 209-212). */
  public Interval wilson() {
    double square = Z * Z;
    double middle = (right + square / 2) / (n + square);
    double reach = Z / (n + square) * Math.sqrt(n * value() * (1 - value()) + square / 4);
    return new Interval(
        right == 0 ? 0 : middle - reach, right == n ? 1 : middle + reach, Interval.Method.SCORE);
  }
}
