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
    return ofClaims(
        probes.stream().map(each -> new Claim(each.probe(), each.outcome())).toList(), margin);
  }

  /** What some of a probe's items say. */
  record Claim(Probe probe, Outcome outcome) {
    private boolean isRetention() {
      return probe.kind() == ProbeKind.RETENTION;
    }
  }

  /** The same of any outcomes. */
  static List<Judgement> ofClaims(List<Claim> claims, double margin) {
    double[] retention =
        claims.stream()
            .filter(Claim::isRetention)
            .mapToDouble(claim -> claim.outcome.pLost(margin))
            .toArray();
    double[] adjusted = Significance.holm(retention);
    double[] levels = Significance.holmLevels(retention, Significance.LEVEL);
    List<Judgement> judgements = new ArrayList<>();
    int next = 0;
    for (Claim claim : claims) {
      if (claim.isRetention()) {
        judgements.add(of(claim, margin, adjusted[next], levels[next]));
        next++;
      } else {
        double alone = claim.outcome.pLost(margin);
        judgements.add(of(claim, margin, alone, Significance.LEVEL));
      }
    }
    return judgements;
  }

  private static Judgement of(Claim claim, double margin, double lostHolm, double level) {
    Outcome outcome = claim.outcome;
    double kept = outcome.pKept(margin);
    Verdict verdict =
        lostHolm <= Significance.LEVEL
            ? Verdict.LOST
            : kept <= Significance.LEVEL ? Verdict.KEPT : Verdict.UNDECIDED;
    return new Judgement(
        claim.probe.name(),
        claim.probe.kind(),
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
