package dev.palimpsest.measure;

import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * Score test and interval for the difference of paired proportions (Tango, Statistics in Medicine
 * 17, 1998, 891-908): the variance is taken at the tested difference, so it holds where the Wald
 * interval, whose variance is taken at the estimate, is too short.
 */
final class ScoreInterval {
  private static final NormalDistribution NORMAL = new NormalDistribution();
  private static final int HALVINGS = 60;

  private ScoreInterval() {}

  /**
   * The score statistic against a difference {@code delta}: standard normal where that is the true
   * one, positive where the items lie above it.
   */
  static double statistic(int n, int lost, int won, double delta) {
    double excess = won - lost - n * delta;
    if (excess == 0) {
      return 0;
    }
    double lambda = lostUnder(n, lost, won, delta);
    double variance = n * Math.max(0, 2 * lambda + delta * (1 - delta));
    return excess / Math.sqrt(variance);
  }

  /** The likeliest probability of a lost item where the difference is {@code delta}. */
  private static double lostUnder(int n, int lost, int won, double delta) {
    double linear = 2 * n * delta - (lost + won) - (won - lost) * delta;
    double constant = lost * delta * (1 - delta);
    double root = Math.sqrt(Math.max(0, linear * linear + 8 * n * constant));
    // of the two ways to write the root, the one that does not cancel
    double lambda = linear <= 0 ? (root - linear) / (4 * n) : 2 * constant / (root + linear);
    return Math.max(Math.max(0, -delta), lambda);
  }

  static Interval of(PairedCounts counts, double alpha) {
    double z = NORMAL.inverseCumulativeProbability(1 - alpha / 2);
    double high = upper(counts, z);
    double low = -upper(counts.mirrored(), z);
    return new Interval(low, high, Interval.Method.SCORE);
  }

  /** The largest difference at which the statistic is still {@code -z} or more. */
  static double upper(PairedCounts counts, double z) {
    double inside = counts.delta();
    double outside = 1;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (inside + outside) / 2;
      if (statistic(counts.n(), counts.lost(), counts.won(), middle) >= -z) {
        inside = middle;
      } else {
        outside = middle;
      }
    }
    return inside;
  }

  static double pBelow(PairedCounts counts, double limit) {
    return NORMAL.cumulativeProbability(statistic(counts.n(), counts.lost(), counts.won(), limit));
  }
}
