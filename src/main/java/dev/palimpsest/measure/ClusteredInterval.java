package dev.palimpsest.measure;

import org.hipparchus.distribution.continuous.TDistribution;

/**
 * Score test and interval for items that hang together by document: the score statistic's variance
 * is multiplied by the design effect (Rao and Scott 1992), and Student's t with one degree of
 * freedom less than there are documents stands in the place of the normal.
 *
 * <p>Where fewer than 20 items changed, the design effect cannot be estimated: the exact test is
 * put to as many items as there would be if those of a document always changed together, what is
 * not whole being rounded to the unfavourable side.
 *
 * @param clusters of at least two documents
 */
record ClusteredInterval(PairedCounts counts, Clusters clusters) {
  Interval at(double alpha) {
    double high = upper(alpha);
    double low = -mirrored().upper(alpha);
    return new Interval(low, high, Interval.Method.CLUSTERED);
  }

  private ClusteredInterval mirrored() {
    return new ClusteredInterval(counts.mirrored(), clusters);
  }

  private double upper(double alpha) {
    if (counts.few()) {
      return Math.max(counts.delta(), ExactInterval.upper(effective(), alpha));
    }
    double t = student().inverseCumulativeProbability(1 - alpha / 2);
    return ScoreInterval.upper(counts, t * Math.sqrt(clusters.designEffect()));
  }

  double pBelow(double limit) {
    if (counts.few()) {
      return limit <= counts.delta() ? 1 : ExactInterval.pBelow(effective(), limit);
    }
    double statistic = ScoreInterval.statistic(counts.n(), counts.lost(), counts.won(), limit);
    return student().cumulativeProbability(statistic / Math.sqrt(clusters.designEffect()));
  }

  double pAbove(double limit) {
    return mirrored().pBelow(-limit);
  }

  private TDistribution student() {
    return new TDistribution(clusters.documents() - 1.0);
  }

  /** The table of so many independent items that speaks most for a rise. */
  private PairedCounts effective() {
    double effect = clusters.completeEffect();
    int n = Math.max(1, (int) (counts.n() / effect));
    int won = Math.min(n, (int) Math.ceil(counts.won() / effect));
    int lost = Math.min(n - won, (int) (counts.lost() / effect));
    return new PairedCounts(0, lost, won, n - lost - won);
  }
}
