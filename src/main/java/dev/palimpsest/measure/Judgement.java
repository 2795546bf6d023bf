package dev.palimpsest.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One probe held against a margin of loss.
 *
 * @param probe its name
 * @param lostP one-sided p against "no more than the margin was lost"
 * @param lostHolm the same after Holm's correction over the retention probes; a gain probe's stands
 *     by itself
 * @param keptP one-sided p against "the margin or more was lost" (non-inferiority); not corrected,
 *     since "all are kept" is claimed only where each is (Berger, Technometrics 24, 1982, 295-300)
 * @param confidence of the interval by which lost is judged: that of Holm's step
 * @param interval at that confidence; wholly below the margin exactly where the verdict is LOST
 * @param itemsToDecide see {@link Outcome#itemsToDecide}; empty for a decided one
 * @param itemsToSee see {@link Outcome#itemsToSee}
 */
public record Judgement(
    String probe,
    ProbeKind kind,
    Verdict verdict,
    double lostP,
    double lostHolm,
    double keptP,
    double confidence,
    Optional<Interval> interval,
    OptionalLong itemsToDecide,
    OptionalLong itemsToSee) {
  /** What a margin of loss comes to. */
  public enum Verdict {
    /** The interval of Δ lies wholly below the margin: more than that was lost. */
    LOST,
    /** It lies wholly above: less than that was lost, if anything. */
    KEPT,
    /** Neither; more items would decide it. */
    UNDECIDED
  }

  /**
   * Judges every probe; retention probes are judged together for loss, so that the risk of any
   * false alarm is 2.5 %.
   *
   * @param margin a fraction: of all items; for texts, of the bits a byte before
   * @return in the order of the probes
   */
  static List<Judgement> of(List<ProbeResult> probes, double margin) {
    double[] retention =
        probes.stream()
            .filter(Judgement::isRetention)
            .mapToDouble(result -> result.outcome().pLost(margin))
            .toArray();
    double[] adjusted = Significance.holm(retention);
    double[] levels = Significance.holmLevels(retention, Significance.LEVEL);
    List<Judgement> judgements = new ArrayList<>();
    int next = 0;
    for (ProbeResult result : probes) {
      if (isRetention(result)) {
        judgements.add(of(result, margin, adjusted[next], levels[next]));
        next++;
      } else {
        double alone = result.outcome().pLost(margin);
        judgements.add(of(result, margin, alone, Significance.LEVEL));
      }
    }
    return judgements;
  }

  private static boolean isRetention(ProbeResult result) {
    return result.probe().kind() == ProbeKind.RETENTION;
  }

  private static Judgement of(ProbeResult result, double margin, double lostHolm, double level) {
    Outcome outcome = result.outcome();
    double kept = outcome.pKept(margin);
    Verdict verdict =
        lostHolm <= Significance.LEVEL
            ? Verdict.LOST
            : kept <= Significance.LEVEL ? Verdict.KEPT : Verdict.UNDECIDED;
    return new Judgement(
        result.probe().name(),
        result.probe().kind(),
        verdict,
        outcome.pLost(margin),
        lostHolm,
        kept,
        1 - 2 * level,
        outcome.interval(2 * level),
        verdict == Verdict.UNDECIDED ? outcome.itemsToDecide(margin, level) : OptionalLong.empty(),
        outcome.itemsToSee(margin));
  }
}
