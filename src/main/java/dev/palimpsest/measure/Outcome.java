package dev.palimpsest.measure;

import java.util.Optional;
import org.hipparchus.distribution.continuous.TDistribution;

/** What a set of items says about before and after. */
public sealed interface Outcome {
  /** Items. */
  int n();

  /** Before: a share of right items, or bits a byte. */
  double before();

  /** After, likewise. */
  double after();

  /** After minus before. */
  double delta();

  /** The 95 % interval of {@link #delta}; absent where one text is all there is. */
  Optional<Interval> interval();

  /**
   * One-sided p against "no more than the margin was lost".
   *
   * @param margin a fraction: of all items, or of the bits a byte before
   */
  double pLost(double margin);

  /** One-sided p against "the margin or more was lost". */
  double pKept(double margin);

  /** Items that are right or wrong. */
  record Rates(PairedCounts counts) implements Outcome {
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
    public Optional<Interval> interval() {
      return Optional.of(counts.interval());
    }

    @Override
    public double pLost(double margin) {
      return counts.pBelow(-margin);
    }

    @Override
    public double pKept(double margin) {
      return counts.pAbove(-margin);
    }
  }

  /**
   * Texts, in bits a byte: more is worse.
   *
   * @param change after minus before, and its standard error clustered by text
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
    public Optional<Interval> interval() {
      return change.interval();
    }

    @Override
    public double pLost(double margin) {
      return pAtLeast(change.value() - margin * before);
    }

    @Override
    public double pKept(double margin) {
      return pAtLeast(margin * before - change.value());
    }

    private double pAtLeast(double excess) {
      if (n < 2) {
        return 1;
      }
      double error = change.standardError();
      if (error == 0) {
        return excess > 0 ? 0 : 1;
      }
      return new TDistribution(n - 1.0).cumulativeProbability(-excess / error);
    }
  }
}
