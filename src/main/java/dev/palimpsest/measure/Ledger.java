package dev.palimpsest.measure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The paired record of before and after.
 *
 * @param probes in the order in which they were given
 * @param divergence along texts that the base wrote, if that was measured
 * @param onPrompts along answers that the base drew to the probes' prompts, if that was measured
 * @param skipped items that could not be graded here
 * @param judged how judges did
 * @param controls other changes, put to the same items
 */
public record Ledger(
    List<ProbeResult> probes,
    Optional<Divergence> divergence,
    Optional<Divergence> onPrompts,
    List<Skipped> skipped,
    List<Judged> judged,
    List<ControlResult> controls) {
  /** Copies the lists. */
  public Ledger {
    probes = List.copyOf(probes);
    skipped = List.copyOf(skipped);
    judged = List.copyOf(judged);
    controls = List.copyOf(controls);
  }

  /** One with nothing skipped. */
  public Ledger(
      List<ProbeResult> probes, Optional<Divergence> divergence, Optional<Divergence> onPrompts) {
    this(probes, divergence, onPrompts, List.of(), List.of(), List.of());
  }

  /**
   * What is asked.
   *
   * @param controls by name
   */
  record Asked(Subject before, Subject after, SequencedMap<String, Subject> controls) {}

  /**
   * Puts every probe to both sides: all of them to the one, then all to the other, so that only one
   * need be in memory.
   *
   * @throws dev.palimpsest.run.BadInput if an item cannot be graded, before any model is asked
   */
  public static Ledger measure(
      Measurement measurement, Subject before, Subject after, List<Probe> probes) {
    Asked asked = new Asked(before, after, new LinkedHashMap<>());
    return measure(measurement, Optional.empty(), asked, probes);
  }

  /** The same with controls, and a judge for the items that ask one. */
  static Ledger measure(
      Measurement measurement, Optional<Judge> judge, Asked asked, List<Probe> probes) {
    Graders.Source source = (metric, folder, where) -> Grader.of(metric, folder, judge, where);
    List<Graders> graders = new ArrayList<>();
    try {
      for (Probe probe : probes) {
        graders.add(Graders.open(probe, source));
      }
      List<Skipped> skipped = graders.stream().flatMap(each -> each.skipped().stream()).toList();
      List<Graders> able = graders.stream().filter(each -> each.gradable().isPresent()).toList();
      Base base = Base.of(able, asked.before, measurement);
      List<ProbeResult> results = base.pairedWith(asked.after, "after");
      List<ControlResult> controls = new ArrayList<>();
      asked.controls.forEach(
          (name, control) ->
              controls.add(ControlResult.of(name, results, base.pairedWith(control, name))));
      List<Judged> judged =
          judge.stream()
              .flatMap(each -> able.stream().flatMap(g -> g.judged(each.name()).stream()))
              .toList();
      return new Ledger(results, Optional.empty(), Optional.empty(), skipped, judged, controls);
    } finally {
      graders.forEach(Graders::close);
    }
  }

  /** What the side before does with what can be graded. */
  private record Base(
      List<Graders> graders, List<List<Observation>> before, Measurement measurement) {
    static Base of(List<Graders> graders, Subject before, Measurement measurement) {
      List<List<Observation>> seen = new ArrayList<>();
      for (Graders each : graders) {
        seen.add(measurement.observe(each.gradable().orElseThrow(), each, before, "before"));
      }
      return new Base(graders, seen, measurement);
    }

    List<ProbeResult> pairedWith(Subject other, String side) {
      List<ProbeResult> results = new ArrayList<>();
      for (int i = 0; i < graders.size(); i++) {
        Probe probe = graders.get(i).gradable().orElseThrow();
        List<Observation> seen = measurement.observe(probe, graders.get(i), other, side);
        results.add(Pairing.of(probe, before.get(i), seen));
      }
      return results;
    }
  }

  /** The same with what was measured along texts. */
  public Ledger with(Optional<Divergence> alongBaseTexts, Optional<Divergence> alongPrompts) {
    return new Ledger(probes, alongBaseTexts, alongPrompts, skipped, judged, controls);
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
