package dev.palimpsest.measure;

import org.hipparchus.distribution.discrete.HypergeometricDistribution;

/** Shares of two sets of different items, held against each other. */
public record TwoShares(Share first, Share second) {
  /** What rounding may take from a table that is as likely as the one seen. */
  private static final double SLACK = 1e-9;

  /** The first less the second. */
  public double difference() {
    return first.value() - second.value();
  }

  /**
   * The 95 % interval of {@link #difference}, from both score intervals (Newcombe, Statistics in
   * Medicine 17, 1998, 873-890, method 10).
   */
  public Interval interval() {
    Interval one = first.wilson();
    Interval two = second.wilson();
    return new Interval(
        difference() - Math.hypot(first.value() - one.low(), two.high() - second.value()),
        difference() + Math.hypot(one.high() - first.value(), second.value() - two.low()),
        Interval.Method.SCORE);
  }

  /**
   * Fisher's exact two-sided p: all tables with these margins that are at most as likely as the one
   * seen (as SciPy's {@code fisher_exact}).
   */
  public double fisherP() {
    int items = first.n() + second.n();
    int right = first.right() + second.right();
    HypergeometricDistribution tables = new HypergeometricDistribution(items, right, first.n());
    double seen = tables.probability(first.right()) * (1 + SLACK);
    double sum = 0;
    for (int k = tables.getSupportLowerBound(); k <= tables.getSupportUpperBound(); k++) {
      double probability = tables.probability(k);
      sum += probability <= seen ? probability : 0;
    }
    return Math.min(1, sum);
  }
}
