package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.run.Json;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A study's JSON, as docs/formats/study.md has it. */
public final class StudyJson {
  private StudyJson() {}

  /** The document. */
  public static ObjectNode of(StudyResult result) {
    StudyRun.Asked asked = result.asked();
    ObjectNode document = Json.mapper().createObjectNode();
    document.put("format", "palimpsest-study/1").put("study", asked.study().word());
    document.put("setting", asked.study().setting()).put("model", asked.model());
    asked.seeds().forEach(document.putArray("seeds")::add);
    ArrayNode tasks = document.putArray("tasks");
    result.comparisons().keySet().forEach(task -> tasks.add(task(result, task)));
    result.missing().forEach(document.putArray("missing")::add);
    return document.put("note", StudyText.note(asked));
  }

  private static ObjectNode task(StudyResult result, StudyTask task) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("name", task.name()).put("rows", task.rows()).put("epochs", task.epochs());
    ArrayNode doses = node.putArray("doses");
    result.rows(task).forEach(row -> doses.add(row(row)));
    if (result.asked().study() == Study.FULL) {
      ArrayNode matched = node.putArray("matched");
      result.matched(task).forEach(each -> matched.add(matched(each)));
    }
    return node;
  }

  private static ObjectNode row(StudyResult.Row row) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("dose", row.dose().text()).put("series", row.dose().series());
    node.put("at", row.dose().at());
    row.seeds().forEach(node.putArray("seeds")::add);
    row.replayed().ifPresent(rows -> node.put("replayed_rows", rows));
    node.put("trained_tokens", row.trainedTokens());
    node.set("gain", standing(row.gain()));
    share(node, "gain_kept", row.gainKept());
    row.drift()
        .ifPresentOrElse(
            drift -> node.set("kl", ComparisonJson.drift(drift)), () -> node.putNull("kl"));
    share(node, "kl_left", row.lossLeft());
    ObjectNode retention = node.putObject("retention");
    row.retention().forEach(each -> retention.set(each.probe().name(), standing(each)));
    return node;
  }

  private static ObjectNode standing(Standing standing) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("n", standing.probe().items().size());
    node.put("after", standing.after()).put("delta", standing.delta());
    ComparisonJson.interval(node, "ci95", standing.interval());
    node.put("lost", standing.probe().ofTexts() ? null : standing.lost());
    node.put("won", standing.probe().ofTexts() ? null : standing.won());
    standing.bySeed().forEach(node.putArray("by_seed")::add);
    return node;
  }

  private static void share(ObjectNode node, String name, Optional<StudyResult.Share> share) {
    share.ifPresentOrElse(
        some -> valued(node.putObject(name), some.value(), some.interval()),
        () -> node.putNull(name));
  }

  private static ObjectNode matched(Matched each) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("gain", each.gain()).put("kl_lora", each.lora()).put("kl_full", each.full());
    share(node, "full_over_lora", each.ratio());
    return node.put("seeds", each.seeds());
  }

  private static void valued(ObjectNode node, double value, Optional<Interval> interval) {
    ComparisonJson.interval(node.put("value", value), "ci95", interval);
  }
}
