package dev.palimpsest.measure;

import java.util.stream.IntStream;
import org.hipparchus.distribution.continuous.NormalDistribution;

/** What several probes together show, and how many items a probe would need. */
public final class Significance {
  /** One-sided level of every test for lost or kept: that of a 95 % interval's one side. */
  public static final double LEVEL = 0.025;

  /** The chance of a verdict that a number of items is computed for. */
  public static final double POWER = 0.8;

  private Significance() {}

  /**
   * Holm's step-down correction: the p's adjusted so that comparing each with alpha keeps the risk
   * of any false alarm over all probes at alpha.
   *
   * @return adjusted p's, in the order given
   */
  public static double[] holm(double[] p) {
    int[] order = ascending(p);
    double[] adjusted = new double[p.length];
    double largest = 0;
    for (int rank = 0; rank < order.length; rank++) {
      largest = Math.max(largest, Math.min(1, p[order[rank]] * (p.length - rank)));
      adjusted[order[rank]] = largest;
    }
    return adjusted;
  }

  /**
   * The level that each p is compared with on Holm's way down: {@code alpha} over those left, and
   * for all from the first that fails on the level at which it failed. A p is at most its level
   * exactly where its adjusted p is at most {@code alpha}, so an interval of this level says what
   * the test does. (Simultaneous intervals that go with Holm exist, but say no more than "below the
   * margin" of what is lost: Strassburger and Bretz, Statistics in Medicine 27, 2008.)
   *
   * @return levels, in the order given
   */
  static double[] holmLevels(double[] p, double alpha) {
    int[] order = ascending(p);
    double[] levels = new double[p.length];
    int left = p.length;
    for (int place : order) {
      levels[place] = alpha / left;
      if (p[place] <= levels[place]) {
        left--;
      }
    }
    return levels;
  }

  private static int[] ascending(double[] p) {
    return IntStream.range(0, p.length)
        .boxed()
        .sorted((a, b) -> Double.compare(p[a], p[b]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /**
   * How many items a paired probe needs to show a change at the two-sided 5 % level.
   *
   * @param change the true Δ to be seen, a fraction other than 0
   * @param churn the share of items whose outcome changes, at least |change|
   * @param power the wished chance of seeing it, such as 0.8
   */
  public static long itemsNeeded(double change, double churn, double power) {
    if (change == 0 || !(churn >= Math.abs(change)) || churn > 1 || !(power > 0 && power < 1)) {
      throw new IllegalArgumentException(
          "change "
              + change
              + ", churn "
              + churn
              + ", power "
              + power
              + ": expected 0 < |change| <= churn <= 1 and 0 < power < 1");
    }
    return items(change, churn - change * change, LEVEL, power);
  }

  /**
   * The same for any mean, with {@link #POWER}.
   *
   * @param distance of the true mean from the limit that it is tested against; not 0
   * @param variance of one item
   * @param alpha one-sided
   */
  static long itemsNeededFor(double distance, double variance, double alpha) {
    return items(distance, variance, alpha, POWER);
  }

  private static long items(double distance, double variance, double alpha, double power) {
    NormalDistribution normal = new NormalDistribution();
    double reach =
        normal.inverseCumulativeProbability(1 - alpha) + normal.inverseCumulativeProbability(power);
    return (long) Math.ceil(reach * reach * variance / (distance * distance));
  }
}
