package dev.palimpsest.measure;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.hipparchus.distribution.continuous.TDistribution;

/** What a set of items says about before and after. */
public sealed interface Outcome {
  /**
   * What some items say together; those of one document are taken as one cluster.
   *
   * @param rows at least one, all of texts or none
   */
  static Outcome of(List<ItemRow> rows) {
    return new Rows(rows).outcome();
  }

  /** Items. */
  int n();

  /** Before: a share of right items, or bits a byte. */
  double before();

  /** After, likewise. */
  double after();

  /** After minus before. */
  double delta();

  /** What was lost, as a margin has it: a fraction of all items, or of the bits a byte before. */
  default double loss() {
    return lossPerDelta() * delta();
  }

  /** The 95 % interval of {@link #loss}. */
  default Optional<Interval> lossInterval() {
    return interval().map(interval -> interval.times(lossPerDelta()));
  }

  private double lossPerDelta() {
    return this instanceof Bits ? 1 / before() : -1; // more bits are a loss
  }

  /** The 95 % interval of {@link #delta}; absent where one text or document is all there is. */
  default Optional<Interval> interval() {
    return interval(0.05);
  }

  /** The interval of confidence {@code 1 - alpha}. */
  Optional<Interval> interval(double alpha);

  /**
   * One-sided p against "no more than the margin was lost".
   *
   * @param margin a fraction: of all items, or of the bits a byte before
   */
  double pLost(double margin);

  /** One-sided p against "the margin or more was lost": the test of non-inferiority. */
  double pKept(double margin);

  /** Two-sided p against "nothing changed", by the interval's own test. */
  default double p() {
    return Math.min(1, 2 * Math.min(pLost(0), pKept(0)));
  }

  /**
   * How many items would decide between lost and kept with power {@link Significance#POWER}, if
   * their change and churn were as seen in these.
   *
   * @param lostAlpha one-sided level of the test for lost
   * @return empty where no number would: the change seen is the margin, or one document is all
   */
  OptionalLong itemsToDecide(double margin, double lostAlpha);

  /**
   * How many items would show a loss of the margin as other than 0 with power {@link
   * Significance#POWER} at the two-sided 5 % level, if as many changed as in these.
   *
   * @return empty for a margin of 0
   */
  OptionalLong itemsToSee(double margin);

  /**
   * Items that are right or wrong.
   *
   * @param clusters how they hang together, where several are about one document; then interval and
   *     tests are clustered
   */
  record Rates(PairedCounts counts, Optional<Clusters> clusters) implements Outcome {
    /** No table is scaled beyond this many items. */
    private static final int MOST = 10_000_000;

    /** Independent items. */
    public Rates(PairedCounts counts) {
      this(counts, Optional.empty());
    }

    @Override
    public int n() {
      return counts.n();
    }

    @Override
    public double before() {
      return counts.before();
    }

    @Override
    public double after() {
      return counts.after();
    }

    @Override
    public double delta() {
      return counts.delta();
    }

    @Override
    public Optional<Interval> interval(double alpha) {
      if (alone()) {
        return Optional.empty();
      }
      return Optional.of(
          clusters
              .map(c -> new ClusteredInterval(counts, c).at(alpha))
              .orElseGet(() -> counts.interval(alpha)));
    }

    @Override
    public double pLost(double margin) {
      if (alone()) {
        return 1;
      }
      return clusters
          .map(c -> new ClusteredInterval(counts, c).pBelow(-margin))
          .orElseGet(() -> counts.pBelow(-margin));
    }

    @Override
    public double pKept(double margin) {
      if (alone()) {
        return 1;
      }
      return clusters
          .map(c -> new ClusteredInterval(counts, c).pAbove(-margin))
          .orElseGet(() -> counts.pAbove(-margin));
    }

    private boolean alone() {
      return clusters.map(c -> c.documents() < 2).orElse(false);
    }

    @Override
    public OptionalLong itemsToDecide(double margin, double lostAlpha) {
      double distance = delta() + margin;
      if (alone() || distance == 0) {
        return OptionalLong.empty();
      }
      double alpha = distance < 0 ? lostAlpha : Significance.LEVEL;
      double variance = effect() * (churn() - delta() * delta());
      long byPower = Significance.itemsNeededFor(distance, variance, alpha);
      if (!counts.few()) {
        return OptionalLong.of(byPower);
      }
      // few items changed: the exact test asks for more than the normal one would
      for (double factor = 1; factor * n() <= MOST; factor *= 1.05) {
        Rates more = new Rates(counts.times(factor), clusters);
        if ((distance < 0 ? more.pLost(margin) : more.pKept(margin)) <= alpha) {
          return OptionalLong.of(Math.max(byPower, more.n()));
        }
      }
      return OptionalLong.empty();
    }

    @Override
    public OptionalLong itemsToSee(double margin) {
      return margin == 0 || alone()
          ? OptionalLong.empty()
          : OptionalLong.of(
              Significance.itemsNeededFor(
                  margin,
                  effect() * (Math.max(churn(), margin) - margin * margin),
                  Significance.LEVEL));
    }

    /** The share of items that change; where none was seen to, one more might have. */
    private double churn() {
      return Math.max(1, counts.discordant()) / (double) n();
    }

    private double effect() {
      return clusters.map(c -> counts.few() ? c.completeEffect() : c.designEffect()).orElse(1.0);
    }
  }

  /**
   * Texts, in bits a byte: more is worse.
   *
   * @param change after minus before, and its standard error clustered by text, or by the document
   *     that several texts are of
   */
  record Bits(int n, double before, double after, Ratio change) implements Outcome {
    /** Estimates it from each text's bits and bytes, before and after. */
    static Bits of(
        double[] bitsBefore, double[] bytesBefore, double[] bitsAfter, double[] bytesAfter) {
      return new Bits(
          bitsBefore.length,
          Ratio.value(bitsBefore, bytesBefore),
          Ratio.value(bitsAfter, bytesAfter),
          Ratio.change(bitsBefore, bytesBefore, bitsAfter, bytesAfter));
    }

    @Override
    public double delta() {
      return change.value();
    }

    @Override
    public Optional<Interval> interval(double alpha) {
      return change.interval(alpha);
    }

    @Override
    public double pLost(double margin) {
      return pAtLeast(change.value() - margin * before);
    }

    @Override
    public double pKept(double margin) {
      return pAtLeast(margin * before - change.value());
    }

    @Override
    public OptionalLong itemsToDecide(double margin, double lostAlpha) {
      double distance = margin * before - change.value();
      return needed(distance, distance < 0 ? lostAlpha : Significance.LEVEL);
    }

    @Override
    public OptionalLong itemsToSee(double margin) {
      return needed(margin * before, Significance.LEVEL);
    }

    private OptionalLong needed(double distance, double alpha) {
      double error = change.standardError();
      return distance == 0 || !Double.isFinite(error)
          ? OptionalLong.empty()
          : OptionalLong.of(Significance.itemsNeededFor(distance, error * error * n, alpha));
    }

    private double pAtLeast(double excess) {
      if (change.texts() < 2) {
        return 1;
      }
      double error = change.standardError();
      if (error == 0) {
        return excess > 0 ? 0 : 1;
      }
      return new TDistribution(change.texts() - 1.0).cumulativeProbability(-excess / error);
    }
  }
}
