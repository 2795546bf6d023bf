package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A search's document, docs/formats/run-folder.md, as its page shows it.
 *
 * @param byInterval whether a loss's upper limit is held against its limit, else the loss as seen
 * @param limits by probe, fractions
 * @param tried in order
 * @param chosen its place among those
 * @param report what the chosen one does on the other half
 */
record SearchView(
    boolean byInterval,
    Map<String, Double> limits,
    List<Tried> tried,
    Optional<Integer> chosen,
    Optional<Reading> report) {

  /** A value and its 95 % limits. */
  record Estimate(double value, Optional<Interval> interval) {
    private static Estimate of(JsonNode node, String field) {
      JsonNode limits = node.path(field + "_ci95");
      return new Estimate(
          node.path(field).asDouble(0),
          limits.size() == 2
              ? Optional.of(
                  new Interval(
                      limits.get(0).asDouble(),
                      limits.get(1).asDouble(),
                      Interval.Method.CLUSTERED))
              : Optional.empty());
    }
  }

  /**
   * Gain and losses on a half.
   *
   * @param gain a fraction of items, or nats a label of the held-out loss
   * @param ofLoss whether it is the latter
   * @param lost by probe, fractions
   */
  record Reading(Estimate gain, boolean ofLoss, Map<String, Estimate> lost) {
    private static Reading of(JsonNode node) {
      Map<String, Estimate> lost = new LinkedHashMap<>();
      node.path("kept").forEachEntry((name, each) -> lost.put(name, Estimate.of(each, "loss")));
      return new Reading(
          Estimate.of(node, "gain"), !node.path("gained").path("lost").isNumber(), lost);
    }
  }

  /** A setting. */
  record Tried(int run, String settings, String adapter, boolean allowed, Reading selection) {
    private static Tried of(JsonNode node) {
      double scale = node.path("scale").asDouble(1);
      return new Tried(
          node.path("run").asInt(0),
          node.path("settings").asString(""),
          node.path("state").asString("") + (scale == 1 ? "" : " \u00d7 " + scale),
          node.path("allowed").asBoolean(false),
          Reading.of(node.path("selection")));
    }
  }

  static SearchView of(JsonNode document) {
    Map<String, Double> limits = new LinkedHashMap<>();
    document.path("limits").forEachEntry((name, limit) -> limits.put(name, limit.asDouble(0)));
    List<Tried> tried = new ArrayList<>();
    document.path("tried").forEach(each -> tried.add(Tried.of(each)));
    JsonNode chosen = document.path("chosen");
    Optional<Integer> place =
        chosen.isObject() ? Optional.of(tried.indexOf(Tried.of(chosen))) : Optional.empty();
    return new SearchView(
        document.path("by").asString("").equals("interval"),
        limits,
        tried,
        place.filter(i -> i >= 0),
        place.map(_ -> Reading.of(chosen.path("report"))));
  }

  /** What of a loss is held against its limit. */
  double held(Estimate loss) {
    return byInterval
        ? loss.interval.map(Interval::high).orElse(Double.POSITIVE_INFINITY)
        : loss.value;
  }

  boolean within(String probe, Estimate loss) {
    return held(loss) < limits.getOrDefault(probe, 0.0);
  }

  /** The probe whose loss is the largest share of its limit. */
  String nearest(Reading reading) {
    return reading.lost.keySet().stream()
        .max(Comparator.comparingDouble(probe -> share(probe, reading)))
        .orElseThrow();
  }

  private double share(String probe, Reading reading) {
    return held(Objects.requireNonNull(reading.lost.get(probe))) / limits.getOrDefault(probe, 1.0);
  }
}
