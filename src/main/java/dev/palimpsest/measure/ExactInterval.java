package dev.palimpsest.measure;

import org.hipparchus.distribution.continuous.BetaDistribution;

/**
 * Exact unconditional test and interval for the difference of paired proportions: tables are
 * ordered by the score statistic, and the p is the largest over the unknown share of discordant
 * items (Chan and Zhang, Biometrics 55, 1999, 1202-1209), which is searched inside its own
 * Clopper-Pearson interval of confidence 1 - {@link #GAMMA}, that risk being added to p (Berger and
 * Boos, JASA 89, 1994, 1012-1016). An interval conditional on the number of discordant items would
 * be simpler, but has no width where there are none, and so covers nothing but zero.
 *
 * <p>The supremum is taken over {@link #GRID} values of the share: exact up to that grid.
 */
final class ExactInterval {
  static final double GAMMA = 0.0005;
  static final int GRID = 24;
  private static final int SCAN = 12;
  private static final double TOLERANCE = 1e-9;
  private static final double NEGLIGIBLE = 1e-17;
  // what rounding may take from a tie
  private static final double SLACK = 1e-9;

  private final int n;
  private final int lost;
  private final int won;
  private final double shareLow;
  private final double shareHigh;
  // log n! / (n - k)!, and log k!
  private final double[] logFalling;
  private final double[] logFactorial;

  private ExactInterval(PairedCounts counts) {
    n = counts.n();
    lost = counts.lost();
    won = counts.won();
    int discordant = counts.discordant();
    shareLow = discordant == 0 ? 0 : beta(discordant, n - discordant + 1, GAMMA / 2);
    // a share of 1 would leave no probability to start the sums with
    shareHigh = discordant == n ? 1 - 1e-6 : beta(discordant + 1, n - discordant, 1 - GAMMA / 2);
    int largest = Math.min(n, 2 * reach(shareHigh));
    logFalling = new double[largest + 1];
    logFactorial = new double[largest + 1];
    for (int k = 1; k <= largest; k++) {
      logFalling[k] = logFalling[k - 1] + Math.log(n - k + 1.0);
      logFactorial[k] = logFactorial[k - 1] + Math.log(k);
    }
  }

  private static double beta(int a, int b, double probability) {
    return new BetaDistribution(a, b, 1e-15).inverseCumulativeProbability(probability);
  }

  static Interval of(PairedCounts counts, double alpha) {
    double low = -upper(counts.mirrored(), alpha);
    return new Interval(low, upper(counts, alpha), Interval.Method.EXACT);
  }

  static double upper(PairedCounts counts, double alpha) {
    return -new ExactInterval(counts.mirrored()).lower(alpha / 2);
  }

  static double pBelow(PairedCounts counts, double limit) {
    return new ExactInterval(counts.mirrored()).pAtMost(-limit);
  }

  /** The smallest difference that is not rejected from above, scanned from outside inwards. */
  private double lower(double level) {
    double estimate = (double) (won - lost) / n;
    double outside = -shareHigh;
    double step = (estimate - outside) / SCAN;
    double inside = estimate;
    for (int i = 1; i < SCAN; i++) {
      double candidate = outside + step;
      if (pAtMost(candidate) > level) {
        inside = candidate;
        break;
      }
      outside = candidate;
    }
    while (inside - outside > TOLERANCE) {
      double middle = (inside + outside) / 2;
      if (pAtMost(middle) > level) {
        inside = middle;
      } else {
        outside = middle;
      }
    }
    return outside;
  }

  /** p against "the difference is at most {@code delta}". */
  private double pAtMost(double delta) {
    double observed = ScoreInterval.statistic(n, lost, won, delta);
    double from = Math.max(shareLow, Math.abs(delta));
    if (from >= shareHigh) {
      // no share in reach makes such a difference: it is refuted, on the side it lies on
      return observed > 0 ? GAMMA : 1;
    }
    int[] firstWon = region(delta, observed - SLACK * (1 + Math.abs(observed)));
    double largest = 0;
    for (int i = 0; i <= GRID; i++) {
      double share = from + (shareHigh - from) * i / GRID;
      largest = Math.max(largest, probability(firstWon, (share - delta) / 2, (share + delta) / 2));
    }
    return Math.min(1, largest + GAMMA);
  }

  /**
   * For each number of lost items the smallest number of won ones whose statistic reaches {@code
   * least}; the statistic falls with lost and rises with won. Beyond the last entry none does, or
   * the tables are too unlikely to count.
   */
  private int[] region(double delta, double least) {
    int columns = Math.min(n, reach(shareHigh));
    int[] firstWon = new int[Math.min(n, reach((shareHigh - delta) / 2)) + 1];
    int candidate = 0;
    for (int row = 0; row < firstWon.length; row++) {
      while (candidate <= Math.min(columns, n - row)
          && ScoreInterval.statistic(n, row, candidate, delta) < least) {
        candidate++;
      }
      firstWon[row] = candidate;
    }
    return firstWon;
  }

  /** The probability of the region where a lost and a won item have these probabilities. */
  private double probability(int[] firstWon, double lostShare, double wonShare) {
    double sum = 0;
    double odds = wonShare / (1 - lostShare - wonShare);
    for (int row = 0; row < firstWon.length; row++) {
      int column = firstWon[row];
      if (column > Math.min(n - row, reach(shareHigh))
          || (row > 0 && lostShare <= 0)
          || (column > 0 && wonShare <= 0)) {
        break;
      }
      double term = Math.exp(logProbability(row, column, lostShare, wonShare));
      double rowSum = 0;
      while (column <= n - row) {
        rowSum += term;
        double next = term * odds * (n - row - column) / (column + 1);
        if (next < term && next < NEGLIGIBLE) {
          break;
        }
        term = next;
        column++;
      }
      sum += rowSum;
      if (rowSum < NEGLIGIBLE && row > n * lostShare) {
        break;
      }
    }
    return sum;
  }

  private double logProbability(int row, int column, double lostShare, double wonShare) {
    return logFalling[row + column]
        - logFactorial[row]
        - logFactorial[column]
        + (row == 0 ? 0 : row * Math.log(lostShare))
        + (column == 0 ? 0 : column * Math.log(wonShare))
        + (n - row - column) * Math.log1p(-lostShare - wonShare);
  }

  /** A count that an event of this probability exceeds too seldom to matter. */
  private int reach(double share) {
    double mean = n * share;
    return (int) Math.ceil(mean + 9 * Math.sqrt(mean) + 20);
  }
}
