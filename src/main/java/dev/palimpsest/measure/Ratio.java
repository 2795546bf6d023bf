package dev.palimpsest.measure;

import java.util.Arrays;
import java.util.Optional;
import org.hipparchus.distribution.continuous.TDistribution;

/**
 * A ratio of sums over texts (bits over bytes, nats over tokens) with the texts as the independent
 * units: tokens of one text depend on each other, and an interval that took them for independent
 * would be too short.
 *
 * @param value sum of amounts over sum of sizes, or a difference of two such
 * @param standardError linearised; NaN with fewer than two texts
 * @param texts how many
 */
public record Ratio(double value, double standardError, int texts) {
  /**
   * Estimates a ratio.
   *
   * @param amounts per text, such as KL in nats
   * @param sizes per text, such as its tokens; positive
   */
  public static Ratio of(double[] amounts, double[] sizes) {
    double value = value(amounts, sizes);
    return new Ratio(value, error(influences(amounts, sizes, value)), amounts.length);
  }

  /** Estimates how much a second ratio over the same texts lies above a first one. */
  static Ratio change(
      double[] amountsBefore, double[] sizesBefore, double[] amountsAfter, double[] sizesAfter) {
    double before = value(amountsBefore, sizesBefore);
    double after = value(amountsAfter, sizesAfter);
    double[] first = influences(amountsBefore, sizesBefore, before);
    double[] second = influences(amountsAfter, sizesAfter, after);
    double[] difference = new double[first.length];
    Arrays.setAll(difference, i -> second[i] - first[i]);
    return new Ratio(after - before, error(difference), first.length);
  }

  static double value(double[] amounts, double[] sizes) {
    if (amounts.length == 0 || amounts.length != sizes.length) {
      throw new IllegalArgumentException(amounts.length + " amounts, " + sizes.length + " sizes");
    }
    for (double size : sizes) {
      if (!(size > 0)) {
        throw new IllegalArgumentException("a text of size " + size);
      }
    }
    return Arrays.stream(amounts).sum() / Arrays.stream(sizes).sum();
  }

  private static double[] influences(double[] amounts, double[] sizes, double value) {
    double size = Arrays.stream(sizes).sum();
    double[] influences = new double[amounts.length];
    Arrays.setAll(influences, i -> (amounts[i] - value * sizes[i]) / size);
    return influences;
  }

  private static double error(double[] influences) {
    int n = influences.length;
    return n < 2
        ? Double.NaN
        : Math.sqrt(Arrays.stream(influences).map(i -> i * i).sum() * n / (n - 1));
  }

  /** At 95 %: Student's t with one degree of freedom less than there are texts. */
  public Optional<Interval> interval() {
    return interval(0.05);
  }

  Optional<Interval> interval(double alpha) {
    if (texts < 2) {
      return Optional.empty();
    }
    double half =
        new TDistribution(texts - 1.0).inverseCumulativeProbability(1 - alpha / 2) * standardError;
    return Optional.of(new Interval(value - half, value + half, Interval.Method.CLUSTERED));
  }
}
