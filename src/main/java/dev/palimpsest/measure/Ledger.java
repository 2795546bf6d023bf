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
 * @param skipped items that could not be graded here
 * @param judged how judges did
 */
public record Ledger(
    List<ProbeResult> probes,
    Optional<Divergence> divergence,
    Optional<Divergence> onPrompts,
    List<Skipped> skipped,
    List<Judged> judged) {
  /** Copies the list. */
  public Ledger {
    probes = List.copyOf(probes);
    skipped = List.copyOf(skipped);
    judged = List.copyOf(judged);
  }

  /** One with nothing skipped. */
  public Ledger(
      List<ProbeResult> probes, Optional<Divergence> divergence, Optional<Divergence> onPrompts) {
    this(probes, divergence, onPrompts, List.of(), List.of());
  }

  /**
   * Puts every probe to both sides: all of them to the one, then all to the other, so that only one
   * need be in memory.
   *
   * @throws dev.palimpsest.run.BadInput if an item cannot be graded, before any model is asked
   */
  public static Ledger measure(
      Measurement measurement, Subject before, Subject after, List<Probe> probes) {
    return measure(measurement, Optional.empty(), before, after, probes);
  }

  /** The same with a judge for the items that ask one. */
  static Ledger measure(
      Measurement measurement,
      Optional<Judge> judge,
      Subject before,
      Subject after,
      List<Probe> probes) {
    Graders.Source source = (metric, folder, where) -> Grader.of(metric, folder, judge, where);
    List<Graders> graders = new ArrayList<>();
    try {
      for (Probe probe : probes) {
        graders.add(Graders.open(probe, source));
      }
      List<Skipped> skipped = graders.stream().flatMap(each -> each.skipped().stream()).toList();
      List<Graders> able = graders.stream().filter(each -> each.gradable().isPresent()).toList();
      List<List<Observation>> first = new ArrayList<>();
      for (Graders each : able) {
        first.add(measurement.observe(each.gradable().orElseThrow(), each, before, "before"));
      }
      List<ProbeResult> results = new ArrayList<>();
      for (int i = 0; i < able.size(); i++) {
        Probe probe = able.get(i).gradable().orElseThrow();
        List<Observation> second = measurement.observe(probe, able.get(i), after, "after");
        results.add(Pairing.of(probe, first.get(i), second));
      }
      List<Judged> judged =
          judge.stream()
              .flatMap(each -> able.stream().flatMap(g -> g.judged(each.name()).stream()))
              .toList();
      return new Ledger(results, Optional.empty(), Optional.empty(), skipped, judged);
    } finally {
      graders.forEach(Graders::close);
    }
  }

  /** The same with what was measured along texts. */
  public Ledger with(Optional<Divergence> alongBaseTexts, Optional<Divergence> alongPrompts) {
    return new Ledger(probes, alongBaseTexts, alongPrompts, skipped, judged);
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
