package dev.palimpsest.compare;

import dev.palimpsest.measure.Half;
import dev.palimpsest.measure.HeldOutLoss;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.Measurement;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What every candidate of a choice is asked, a half of the items at a time.
 *
 * @param gain the probe that is to rise
 * @param heldOut falls where no probe is to rise
 * @param kept probes with a limit
 * @param limits by their names
 */
record Examination(
    Optional<Probe> gain,
    Optional<HeldOutLoss> heldOut,
    List<Probe> kept,
    Map<String, Double> limits) {

  /**
   * Refuses what is too small before anything is trained.
   *
   * @throws BadInput if one half of a probe is empty
   */
  static Examination of(
      Optional<Probe> gain,
      Optional<HeldOutLoss> heldOut,
      List<Probe> kept,
      Map<String, Double> limits) {
    for (Half half : Half.values()) {
      kept.forEach(half::of);
      gain.ifPresent(half::of);
    }
    return new Examination(gain, heldOut, kept, limits);
  }

  /** What a model gains and loses against another on a half. */
  Reading read(Half half, Measurement measurement, TunedModel before, TunedModel after) {
    List<Probe> probes = new ArrayList<>(kept);
    gain.ifPresent(probes::add);
    Ledger ledger =
        Ledger.measure(
            measurement,
            before.subject(Progress.none()),
            after.subject(Progress.none()),
            probes.stream().map(half::of).toList());
    if (!ledger.skipped().isEmpty()) {
      throw new BadInput(
          "probe %s: items cannot be graded here, %s"
              .formatted(
                  ledger.skipped().getFirst().probe(), ledger.skipped().getFirst().reason()));
    }
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    for (ProbeResult result : ledger.probes().subList(0, kept.size())) {
      outcomes.put(result.probe().name(), result.outcome());
    }
    return new Reading(
        heldOut
            .map(loss -> loss.measure(half, measurement, before, after))
            .orElseGet(() -> ledger.probes().getLast().outcome()),
        outcomes);
  }
}
