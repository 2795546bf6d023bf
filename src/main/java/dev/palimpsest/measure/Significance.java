package dev.palimpsest.measure;

import java.util.stream.IntStream;
import org.hipparchus.distribution.continuous.NormalDistribution;

/** What several probes together show, and how many items a probe would need. */
public final class Significance {
  private Significance() {}

  /**
   * Holm's step-down correction: the p's adjusted so that comparing each with alpha keeps the risk
   * of any false alarm over all probes at alpha.
   *
   * @return adjusted p's, in the order given
   */
  public static double[] holm(double[] p) {
    int[] order =
        IntStream.range(0, p.length)
            .boxed()
            .sorted((a, b) -> Double.compare(p[a], p[b]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] adjusted = new double[p.length];
    double largest = 0;
    for (int rank = 0; rank < order.length; rank++) {
      largest = Math.max(largest, Math.min(1, p[order[rank]] * (p.length - rank)));
      adjusted[order[rank]] = largest;
    }
    return adjusted;
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
    NormalDistribution normal = new NormalDistribution();
    double reach =
        normal.inverseCumulativeProbability(0.975) + normal.inverseCumulativeProbability(power);
    return (long) Math.ceil(reach * reach * (churn - change * change) / (change * change));
  }
}
