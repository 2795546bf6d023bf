package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What users think of answers, as plain items: is the answer that was liked likelier than the ones
 * that were not? Two shapes, both as TRL has them:
 *
 * <ul>
 *   <li>{@code prompt}, {@code chosen}, {@code rejected}: one item;
 *   <li>{@code prompt} or {@code messages}, {@code completion} and {@code label}, true or false:
 *       each liked answer against all that were disliked after the same prompt. Where a prompt has
 *       answers of one opinion alone there is nothing to compare: its lines are skipped by name.
 * </ul>
 */
final class Preference {
  /** A metric whose items are always skipped. */
  static final String ONE_OPINION = "one-opinion";

  private record Row(String id, ObjectNode fields, String completion, boolean liked) {}

  private final Map<JsonNode, List<Row>> byPrompt = new LinkedHashMap<>();

  /** The plain item of a line with {@code chosen} and {@code rejected}; empty if it has neither. */
  static Optional<ObjectNode> pair(ObjectNode object, String where) {
    if (!object.has("chosen") && !object.has("rejected")) {
      return Optional.empty();
    }
    ObjectNode plain = without(object, Set.of("chosen", "rejected"));
    ArrayNode choices = plain.putArray("choices");
    choices.add(answer(object, "chosen", where)).add(answer(object, "rejected", where));
    return Optional.of(plain.put("answer", 0));
  }

  private static String answer(ObjectNode object, String field, String where) {
    JsonNode value = object.path(field);
    JsonNode turn = value.isArray() && value.size() == 1 ? value.get(0) : value;
    JsonNode text = turn.path("role").asString("").equals("assistant") ? turn.get("content") : turn;
    if (text == null || !text.isString()) {
      throw new BadInput(
          where + ": " + field + ": expected a text, or a list of one turn of the assistant's");
    }
    return text.asString();
  }

  /**
   * Takes a line with {@code completion} and {@code label}, and says whether it was one.
   *
   * @param id of the line, or its number
   */
  boolean take(ObjectNode object, String id, String where) {
    JsonNode label = object.path("label");
    if (!label.isBoolean() || !object.path("completion").isString()) {
      return false;
    }
    JsonNode prompt = object.has("messages") ? object.get("messages") : object.path("prompt");
    if (prompt.isMissingNode()) {
      throw new BadInput(where + ": completion and label without prompt or messages");
    }
    String completion = object.get("completion").asString();
    byPrompt
        .computeIfAbsent(prompt, each -> new ArrayList<>())
        .add(new Row(id, object, completion, label.asBoolean()));
    return true;
  }

  /** The items of all lines taken, as plain fields with an id. */
  List<ObjectNode> items() {
    List<ObjectNode> items = new ArrayList<>();
    for (List<Row> rows : byPrompt.values()) {
      List<String> disliked =
          rows.stream().filter(row -> !row.liked).map(Row::completion).distinct().toList();
      List<Row> liked = rows.stream().filter(Row::liked).toList();
      for (Row row : liked.isEmpty() || disliked.isEmpty() ? rows : liked) {
        items.add(item(row, disliked));
      }
    }
    return items;
  }

  private static ObjectNode item(Row row, List<String> disliked) {
    ObjectNode plain = without(row.fields, Set.of("label", "completion")).put("id", row.id);
    List<String> others = disliked.stream().filter(text -> !text.equals(row.completion)).toList();
    if (!row.liked || others.isEmpty()) {
      return plain.put("completion", row.completion).put("metric", ONE_OPINION);
    }
    ArrayNode choices = plain.putArray("choices").add(row.completion);
    others.forEach(choices::add);
    return plain.put("answer", 0);
  }

  private static ObjectNode without(ObjectNode object, Set<String> fields) {
    ObjectNode rest = Json.mapper().createObjectNode();
    object.forEachEntry(
        (name, value) -> {
          if (!fields.contains(name)) {
            rest.set(name, value);
          }
        });
    return rest;
  }
}
