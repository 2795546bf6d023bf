package dev.palimpsest.compare;

import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.run.Json;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A sequence's JSON, as docs/formats/sequence.md has it. */
public final class SequenceJson {
  private SequenceJson() {}

  /** The document. */
  public static ObjectNode of(SequenceResult result) {
    ObjectNode document = Json.mapper().createObjectNode();
    document.put("format", "palimpsest-sequence/1").put("model", result.plan().model());
    document.put("mode", result.plan().mode().name().toLowerCase(Locale.ROOT));
    ArrayNode courses = document.putArray("courses");
    for (SequenceResult.Course course : result.courses()) {
      courses.add(course(course, result.summary(List.of(course))));
    }
    document.set("mean", summary(result.summary()));
    return document;
  }

  private static ObjectNode course(SequenceResult.Course course, SequenceResult.Summary summary) {
    ObjectNode node = Json.mapper().createObjectNode().put("seed", course.seed());
    course.order().forEach(node.putArray("order")::add);
    TaskMatrix matrix = course.matrix();
    matrix.base().forEach(node.putArray("base")::add);
    ArrayNode rates = node.putArray("matrix");
    matrix.rates().forEach(row -> row.forEach(rates.addArray()::add));
    node.set("summary", summary(summary));
    ArrayNode stages = node.putArray("stages");
    for (int i = 0; i < course.stages().size(); i++) {
      SequenceResult.Stage stage = course.stages().get(i);
      ObjectNode each = stages.addObject().put("task", stage.task());
      each.put("trained_tokens", stage.training().trainedTokens());
      ObjectNode since = each.putObject("since_learned");
      for (String task : course.order()) {
        course.since(i, task).ifPresent(outcome -> since.set(task, LedgerJson.outcome(outcome)));
      }
      each.set("ledger", LedgerJson.of(stage.ledger()));
    }
    return node;
  }

  private static ObjectNode summary(SequenceResult.Summary summary) {
    ObjectNode node = Json.mapper().createObjectNode();
    put(node, "accuracy", summary.accuracy());
    put(node, "backward_transfer", summary.backward());
    put(node, "forgetting", summary.forgetting());
    put(node, "forward_transfer", summary.forward());
    return node;
  }

  private static void put(ObjectNode node, String field, SequenceResult.Estimate estimate) {
    node.put(field, estimate.value());
    node.putArray(field + "_ci95").add(estimate.interval().low()).add(estimate.interval().high());
  }
}
