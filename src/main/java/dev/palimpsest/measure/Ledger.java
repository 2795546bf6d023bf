package dev.palimpsest.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The paired record of before and after.
 *
 * @param probes in the order in which they were given
 * @param divergence along texts that the base wrote, if that was measured
 * @param onPrompts along answers that the base drew to the probes' prompts, if that was measured
 */
public record Ledger(
    List<ProbeResult> probes, Optional<Divergence> divergence, Optional<Divergence> onPrompts) {
  /** Copies the list. */
  public Ledger {
    probes = List.copyOf(probes);
  }

  /**
   * Puts every probe to both sides: all of them to the one, then all to the other, so that only one
   * need be in memory.
   *
   * @throws dev.palimpsest.run.BadInput if an item cannot be graded, before any model is asked
   */
  public static Ledger measure(
      Measurement measurement, Subject before, Subject after, List<Probe> probes) {
    List<Graders> graders = new ArrayList<>();
    try {
      for (Probe probe : probes) {
        graders.add(Graders.open(probe));
      }
      List<List<Observation>> first = new ArrayList<>();
      for (int i = 0; i < probes.size(); i++) {
        first.add(measurement.observe(probes.get(i), graders.get(i), before, "before"));
      }
      List<ProbeResult> results = new ArrayList<>();
      for (int i = 0; i < probes.size(); i++) {
        List<Observation> second =
            measurement.observe(probes.get(i), graders.get(i), after, "after");
        results.add(Pairing.of(probes.get(i), first.get(i), second));
      }
      return new Ledger(results, Optional.empty(), Optional.empty());
    } finally {
      graders.forEach(Graders::close);
    }
  }

  /** The same with what was measured along texts. */
  public Ledger with(Optional<Divergence> alongBaseTexts, Optional<Divergence> alongPrompts) {
    return new Ledger(probes, alongBaseTexts, alongPrompts);
  }

  /** Whether a retention probe lost more than a margin, beyond doubt. */
  public boolean lostMoreThan(double margin) {
    return new Threshold(Threshold.Rule.FAIL_IF_LOST, margin).missedBy(this);
  }

  /** Whether every retention probe lost less than a margin, beyond doubt. */
  public boolean keptWithin(double margin) {
    return !new Threshold(Threshold.Rule.REQUIRE_KEPT, margin).missedBy(this);
  }
}
