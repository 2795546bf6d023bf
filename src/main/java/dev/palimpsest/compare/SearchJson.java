package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.run.Json;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A search's JSON, as docs/formats/run-folder.md has it. */
public final class SearchJson {
  private SearchJson() {}

  /** The document. */
  public static ObjectNode of(SearchResult result) {
    ObjectNode document = Json.mapper().createObjectNode();
    document.put("format", "palimpsest-search/1").put("run", result.run().toString());
    document.put("by", result.plan().by().name().toLowerCase(Locale.ROOT));
    ObjectNode limits = document.putObject("limits");
    result.limits().forEach(limits::put);
    ArrayNode tried = document.putArray("tried");
    result.tried().forEach(each -> tried.add(tried(each)));
    document.putNull("chosen");
    result
        .chosen()
        .ifPresent(
            chosen -> {
              ObjectNode node = tried(chosen.tried());
              node.set("report", reading(chosen.report()));
              node.put(
                  "report_within_limits",
                  chosen.report().within(result.limits(), result.plan().by()));
              document.set("chosen", node);
            });
    return document;
  }

  private static ObjectNode tried(SearchResult.Tried tried) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("run", tried.number()).put("settings", tried.words()).put("state", tried.state());
    node.put("step", tried.step()).put("scale", tried.scale()).put("allowed", tried.allowed());
    node.set("selection", reading(tried.selection()));
    return node;
  }

  static ObjectNode reading(Reading reading) {
    ObjectNode node = Json.mapper().createObjectNode().put("gain", reading.gain());
    limits(node, "gain_ci95", reading.gainInterval());
    node.set("gained", LedgerJson.outcome(reading.gained()));
    ObjectNode kept = node.putObject("kept");
    for (Map.Entry<String, Outcome> entry : reading.kept().entrySet()) {
      ObjectNode each = kept.putObject(entry.getKey());
      each.put("loss", entry.getValue().loss());
      limits(each, "loss_ci95", entry.getValue().lossInterval());
      each.setAll(LedgerJson.outcome(entry.getValue()));
    }
    return node;
  }

  private static void limits(ObjectNode node, String field, Optional<Interval> interval) {
    interval.ifPresentOrElse(
        found -> node.putArray(field).add(found.low()).add(found.high()),
        () -> node.putNull(field));
  }
}
