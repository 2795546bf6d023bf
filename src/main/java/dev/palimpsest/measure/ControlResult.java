package dev.palimpsest.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a control did to the same items.
 *
 * @param name of the control
 * @param probes in the ledger's order
 */
public record ControlResult(String name, List<Part> probes) {
  /** Copies the list. */
  public ControlResult {
    probes = List.copyOf(probes);
  }

  /**
   * One probe.
   *
   * @param result before the change, and under the control
   * @param against empty if nothing was right before
   */
  public record Part(ProbeResult result, Optional<Against> against) {}

  /**
   * The control and the change on the items that were right before; of texts on all.
   *
   * @param outcome under the control, and after the change: lost is what the change alone lost, won
   *     what the control alone lost
   * @param judgement of the margin 0: {@code LOST} if the change lost more than the control, {@code
   *     KEPT} if less, Holm's correction over the retention probes
   */
  public record Against(Outcome outcome, Judgement judgement) {
    /** Items that both lost; empty for texts. */
    public Optional<Integer> lostByBoth() {
      return counts().map(PairedCounts::neither);
    }

    /** Items by who kept them; empty for texts. */
    Optional<PairedCounts> counts() {
      return outcome instanceof Outcome.Rates rates
          ? Optional.of(rates.counts())
          : Optional.empty();
    }
  }

  /** Holds a control against the change on trial; both of the same probes, in their order. */
  static ControlResult of(String name, List<ProbeResult> change, List<ProbeResult> control) {
    List<Judgement.Claim> claims = new ArrayList<>();
    for (int i = 0; i < change.size(); i++) {
      Probe probe = change.get(i).probe();
      against(change.get(i), control.get(i))
          .ifPresent(outcome -> claims.add(new Judgement.Claim(probe, outcome)));
    }
    List<Judgement> judgements = Judgement.ofClaims(claims, 0);
    List<Part> parts = new ArrayList<>();
    int next = 0;
    for (ProbeResult result : control) {
      boolean claimed =
          next < claims.size() && claims.get(next).probe().name().equals(result.probe().name());
      parts.add(
          new Part(
              result,
              claimed
                  ? Optional.of(new Against(claims.get(next).outcome(), judgements.get(next)))
                  : Optional.empty()));
      next += claimed ? 1 : 0;
    }
    return new ControlResult(name, parts);
  }

  private static Optional<Outcome> against(ProbeResult change, ProbeResult control) {
    List<ItemRow> rows = new ArrayList<>();
    for (int i = 0; i < change.rows().size(); i++) {
      ItemRow row = change.rows().get(i);
      if (row.ofText() || row.before() == 1) {
        rows.add(row.since(control.rows().get(i)));
      }
    }
    return rows.isEmpty() ? Optional.empty() : Optional.of(new Rows(rows).outcome());
  }
}
