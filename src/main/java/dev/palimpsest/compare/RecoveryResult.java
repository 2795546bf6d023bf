package dev.palimpsest.compare;

import dev.palimpsest.measure.Share;
import dev.palimpsest.measure.TwoShares;
import java.util.List;

/**
 * What tuning on half of the lost items brought back of the other half.
 *
 * @param probes how many items of each kind
 * @param left probes with too few
 * @param lost the arm that was shown lost items
 * @param never the control, which was shown items that neither side knew
 * @param turned lost items of the asked half, answered by the control: it was shown none of their
 *     kind, so what it has right came back by any tuning, or by the luck that had it right before
 */
public record RecoveryResult(
    List<Counts> probes, List<String> left, Arm lost, Arm never, Share turned) {
  /**
   * How much more often lost items may come back than others are learned, if they are to count as
   * erased.
   */
  public static final double MARGIN = 0.2;

  /** What an arm must have right of the items that it was shown, if it is to show anything. */
  public static final double LEARNED = 0.5;

  /** Copies the lists. */
  public RecoveryResult {
    probes = List.copyOf(probes);
    left = List.copyOf(left);
  }

  /** Items of one probe. */
  public record Counts(
      String probe, int lostShown, int lostAsked, int neverShown, int neverAsked) {}

  /**
   * One arm.
   *
   * @param run its folder
   * @param shown items that it was trained on
   * @param asked the other half
   */
  public record Arm(String run, Share shown, Share asked) {}

  /** What was seen. */
  public enum Verdict {
    /** Lost items come back more often than others are learned. */
    SUPPRESSED,
    /** They come back at most {@link #MARGIN} more often, beyond doubt. */
    ERASED,
    /** Neither, or the arms did not learn what they were shown. */
    UNDECIDED
  }

  /** The asked halves of both arms. */
  public TwoShares shares() {
    return new TwoShares(lost.asked, never.asked);
  }

  /** Whether both arms learned what they were shown. */
  public boolean learned() {
    return Math.min(lost.shown.value(), never.shown.value()) >= LEARNED;
  }

  /** The verdict. */
  public Verdict verdict() {
    if (shares().fisherP() <= 0.05 && shares().difference() > 0) {
      return Verdict.SUPPRESSED;
    }
    return learned() && shares().interval().high() <= MARGIN ? Verdict.ERASED : Verdict.UNDECIDED;
  }
}
