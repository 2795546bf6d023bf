package dev.palimpsest.measure;

import java.util.List;
import org.hipparchus.special.Beta;

/**
 * The two-by-two table of a probe whose items are right or wrong, before and after.
 *
 * @param kept right both times
 * @param lost right before, wrong after
 * @param won wrong before, right after
 * @param neither wrong both times
 */
public record PairedCounts(int kept, int lost, int won, int neither) {
  /** With fewer discordant items than this, intervals are exact and the probe is said to be few. */
  public static final int FEW = 20;

  /** Refuses negative counts and an empty table. */
  public PairedCounts {
    if (kept < 0 || lost < 0 || won < 0 || neither < 0 || kept + lost + won + neither == 0) {
      throw new IllegalArgumentException(
          "counts " + List.of(kept, lost, won, neither) + ": negative, or no items at all");
    }
  }

  /**
   * Counts pairs.
   *
   * @param before whether each item was right before
   * @param after the same items, in the same order
   */
  public static PairedCounts of(boolean[] before, boolean[] after) {
    if (before.length != after.length) {
      throw new IllegalArgumentException(
          before.length + " items before, " + after.length + " after");
    }
    int[] cells = new int[4];
    for (int i = 0; i < before.length; i++) {
      cells[(before[i] ? 0 : 2) + (after[i] ? 0 : 1)]++;
    }
    return new PairedCounts(cells[0], cells[1], cells[2], cells[3]);
  }

  /** Items. */
  public int n() {
    return kept + lost + won + neither;
  }

  /** Items whose outcome changed. */
  public int discordant() {
    return lost + won;
  }

  /** Share right before. */
  public double before() {
    return (double) (kept + lost) / n();
  }

  /** Share right after. */
  public double after() {
    return (double) (kept + won) / n();
  }

  /** Mean of after minus before, a fraction; negative is a loss. */
  public double delta() {
    return (double) (won - lost) / n();
  }

  /** Share of items with the same outcome both times. */
  public double agreement() {
    return (double) (kept + neither) / n();
  }

  /** Whether too few items changed for an approximation to be trusted. */
  public boolean few() {
    return discordant() < FEW;
  }

  /** The 95 % interval of {@link #delta()}: by score, or exact where {@link #few()}. */
  public Interval interval() {
    return interval(0.05);
  }

  /** The interval of confidence {@code 1 - alpha}. */
  Interval interval(double alpha) {
    return few() ? ExactInterval.of(this, alpha) : ScoreInterval.of(this, alpha);
  }

  /**
   * McNemar's exact two-sided p: lost against won as fair coins (as statsmodels' {@code mcnemar}
   * with {@code exact=True}); 1 where nothing changed.
   */
  public double mcnemarP() {
    if (discordant() == 0) {
      return 1;
    }
    int smaller = Math.min(lost, won);
    // the lower tail itself: Hipparchus' distribution takes it as 1 less the upper one, which
    // leaves
    // 0 of a small one
    double tail = Beta.regularizedBeta(0.5, discordant() - smaller, smaller + 1);
    return Math.min(1, 2 * tail);
  }

  /**
   * One-sided p against "Δ is at least {@code limit}": small where the items show that it lies
   * below. By score, or exact where {@link #few()}; below alpha / 2 exactly when the interval at 1
   * - alpha lies wholly below the limit.
   *
   * @param limit a fraction, such as -0.01
   */
  public double pBelow(double limit) {
    return few() ? ExactInterval.pBelow(this, limit) : ScoreInterval.pBelow(this, limit);
  }

  /** One-sided p against "Δ is at most {@code limit}"; the mirror of {@link #pBelow}. */
  public double pAbove(double limit) {
    return mirrored().pBelow(-limit);
  }

  /** A table of so many times the items, with the same shares as far as whole items have them. */
  PairedCounts times(double factor) {
    int items = (int) Math.round(n() * factor);
    int lostItems = (int) Math.round(lost * factor);
    int wonItems = (int) Math.round(won * factor);
    return new PairedCounts(0, lostItems, wonItems, Math.max(0, items - lostItems - wonItems));
  }

  /** Lost and won exchanged: what was before is after. */
  PairedCounts mirrored() {
    return new PairedCounts(kept, /* lost= */ won, /* won= */ lost, neither);
  }
}
