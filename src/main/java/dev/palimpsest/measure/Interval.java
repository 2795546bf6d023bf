package dev.palimpsest.measure;

/**
 * A 95 % confidence interval, and how it was made.
 *
 * @param low lower limit
 * @param high upper limit
 * @param method how it was computed
 */
public record Interval(double low, double high, Method method) {
  /** The ways in which a ledger makes its intervals. */
  public enum Method {
    /** Paired score interval (Tango 1998): at least 20 discordant items. */
    SCORE,
    /**
     * Exact unconditional interval, score-ordered (Chan and Zhang 1999): fewer than 20 discordant
     * items, too few for any approximation.
     */
    EXACT,
    /** Linearised ratio with Student's t, clustered: texts are the independent units. */
    CLUSTERED,
    /** Percentiles of a bootstrap over items, or over documents where items hang together. */
    BOOTSTRAP,
    /** Over seeds and over items or texts, both as draws ({@link Crossed}). */
    CROSSED
  }

  /** Refuses limits that are not ordered. */
  public Interval {
    if (!(low <= high)) {
      throw new IllegalArgumentException("interval from " + low + " to " + high);
    }
  }

  /** The interval of so many times the quantity; below 0 the limits change places. */
  public Interval times(double factor) {
    double one = factor * low;
    double other = factor * high;
    return new Interval(Math.min(one, other), Math.max(one, other), method);
  }

  /** Whether it holds a value; the limits belong to it. */
  public boolean contains(double value) {
    return low <= value && value <= high;
  }
}
