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
    return rise(gained).delta();
  }

  Optional<Interval> gainInterval() {
    return rise(gained).interval();
  }

  /** Fewer right items as a share of all; of texts, more bits as a share of those before. */
  static double loss(Outcome outcome) {
    return change(outcome, -1, outcome.before()).delta();
  }

  static Optional<Interval> lossInterval(Outcome outcome) {
    return change(outcome, -1, outcome.before()).interval();
  }

  /** A change and its limits, so turned that more is more. */
  private record Change(double delta, Optional<Interval> interval) {}

  private static Change rise(Outcome outcome) {
    return change(outcome, 1, 1);
  }

  private static Change change(Outcome outcome, int sign, double share) {
    boolean worse = outcome instanceof Outcome.Bits; // more bits are a loss
    double factor = worse ? -sign / share : sign;
    return new Change(
        factor * outcome.delta(),
        outcome
            .interval()
            .map(
                i -> {
                  double one = factor * i.low();
                  double other = factor * i.high();
                  return new Interval(Math.min(one, other), Math.max(one, other), i.method());
                }));
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
                    case POINT -> loss(outcome);
                    case INTERVAL ->
                        lossInterval(outcome).map(Interval::high).orElse(Double.POSITIVE_INFINITY);
                  };
              return loss < margin;
            });
  }
}
