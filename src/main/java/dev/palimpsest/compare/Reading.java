package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Outcome;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What an adapter gains and loses against its base, on one half of the items.
 *
 * @param gained of the gain probe, or of the held-out loss
 * @param kept of the probes that have a limit, by name
 */
public record Reading(Outcome gained, Map<String, Outcome> kept) {
  /** Copies the map and keeps its order. */
  public Reading {
    kept = Collections.unmodifiableMap(new LinkedHashMap<>(kept));
  }

  /** More right items as a share of all; of losses how much lower. */
  double gain() {
    return gainPerDelta() * gained.delta();
  }

  Optional<Interval> gainInterval() {
    return gained.interval().map(interval -> interval.times(gainPerDelta()));
  }

  private double gainPerDelta() {
    return gained instanceof Outcome.Bits ? -1 : 1; // more bits are a loss
  }

  /** Whether every loss is less than its limit. */
  boolean within(Map<String, Double> limits, Limit.By by) {
    return kept.entrySet().stream()
        .allMatch(
            entry -> {
              Outcome outcome = entry.getValue();
              double margin = limits.getOrDefault(entry.getKey(), 0.0);
              double loss =
                  switch (by) {
                    case POINT -> outcome.loss();
                    case INTERVAL ->
                        outcome.lossInterval().map(Interval::high).orElse(Double.POSITIVE_INFINITY);
                  };
              return loss < margin;
            });
  }
}
