package dev.palimpsest.measure;

import java.util.Optional;
import org.hipparchus.distribution.continuous.TDistribution;

/**
 * A ratio of sums over texts (bits over bytes, nats over tokens) with the texts as the independent
 * units: tokens of one text depend on each other, and an interval that took them for independent
 * would be too short.
 *
 * @param value sum of amounts over sum of sizes
 * @param interval at 95 %: linearised ratio, Student's t with one degree of freedom less than there
 *     are texts; absent with fewer than two texts
 */
public record Ratio(double value, Optional<Interval> interval) {
  /**
   * Estimates the ratio.
   *
   * @param amounts per text, such as the change in bits
   * @param sizes per text, such as its bytes; positive
   */
  public static Ratio of(double[] amounts, double[] sizes) {
    int n = amounts.length;
    if (n == 0 || n != sizes.length) {
      throw new IllegalArgumentException(n + " amounts, " + sizes.length + " sizes");
    }
    double amount = 0;
    double size = 0;
    for (int i = 0; i < n; i++) {
      if (!(sizes[i] > 0)) {
        throw new IllegalArgumentException("text " + i + " has size " + sizes[i]);
      }
      amount += amounts[i];
      size += sizes[i];
    }
    double value = amount / size;
    if (n == 1) {
      return new Ratio(value, Optional.empty());
    }
    double squares = 0;
    for (int i = 0; i < n; i++) {
      double residual = amounts[i] - value * sizes[i];
      squares += residual * residual;
    }
    double error = Math.sqrt(squares * n / (n - 1)) / size;
    double half = new TDistribution(n - 1.0).inverseCumulativeProbability(0.975) * error;
    return new Ratio(
        value, Optional.of(new Interval(value - half, value + half, Interval.Method.CLUSTERED)));
  }
}
