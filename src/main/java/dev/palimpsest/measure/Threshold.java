package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import java.util.List;

/**
 * A limit on loss that the user set; only retention probes can miss it.
 *
 * @param margin a fraction: of all items; for texts, of the bits a byte before
 */
public record Threshold(Rule rule, double margin) {
  /** What misses it. */
  public enum Rule {
    /** A probe that lost more than the margin beyond doubt. */
    FAIL_IF_LOST,
    /** A probe of which it is not beyond doubt that it lost less. */
    REQUIRE_KEPT;

    boolean missedBy(Judgement.Verdict verdict) {
      return switch (this) {
        case FAIL_IF_LOST -> verdict == Judgement.Verdict.LOST;
        case REQUIRE_KEPT -> verdict != Judgement.Verdict.KEPT;
      };
    }

    /** As the command line has it. */
    public String option() {
      return switch (this) {
        case FAIL_IF_LOST -> "--fail-if-lost";
        case REQUIRE_KEPT -> "--require-kept";
      };
    }
  }

  /**
   * Refuses thresholds that no probe could miss.
   *
   * @throws BadInput naming the option
   */
  public static void requireRetention(List<Threshold> thresholds, List<Probe> probes) {
    if (!thresholds.isEmpty() && probes.stream().noneMatch(p -> p.kind() == ProbeKind.RETENTION)) {
      throw new BadInput(
          thresholds.getFirst().rule.option()
              + ": there is no retention probe to judge: give --probe FILE or --built-in");
    }
  }

  /**
   * What it comes to.
   *
   * @param missed whether a retention probe misses it; of items that were skipped nothing is known
   *     to be kept
   * @param probes what it makes of each
   */
  public record Held(Threshold threshold, boolean missed, List<Judgement> probes) {
    /** Copies the list. */
    public Held {
      probes = List.copyOf(probes);
    }
  }

  /** Holds a ledger against it. */
  public Held hold(Ledger ledger) {
    List<Judgement> judged = Judgement.of(ledger.probes(), margin);
    boolean skipped =
        ledger.skipped().stream().anyMatch(each -> each.kind() == ProbeKind.RETENTION);
    boolean missed =
        judged.stream()
            .filter(judgement -> judgement.kind() == ProbeKind.RETENTION)
            .anyMatch(judgement -> rule.missedBy(judgement.verdict()));
    return new Held(this, missed || (skipped && rule == Rule.REQUIRE_KEPT), judged);
  }

  /** Whether a ledger misses it. */
  public boolean missedBy(Ledger ledger) {
    return hold(ledger).missed;
  }
}
