package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Makes a sample of one row, or says all that is wrong with it. A field that is null is absent. */
final class RowReader {
  private final ReadOptions options;
  private final Map<String, String> ours = new HashMap<>();

  RowReader(ReadOptions options) {
    this.options = options;
    options.map().forEach((target, source) -> ours.put(source, target));
  }

  /**
   * The row as a sample.
   *
   * @param number the row's number from 1, its name if it has no id
   * @param problems receives what is wrong; the sample is then empty
   */
  Optional<Sample> read(JsonNode row, int number, List<String> problems) {
    if (!row.isObject()) {
      problems.add("a row is a JSON object, not " + TurnReader.kind(row));
      return Optional.empty();
    }
    Map<String, JsonNode> fields = fields(row, problems);
    String id = id(fields.remove("id"), number, problems);
    Optional<String> slice = slice(fields.remove("slice"), problems);
    Shape shape = Shape.of(fields.keySet(), options.purpose());
    int before = problems.size();
    refuseUnknown(shape, fields, problems);
    Optional<Sample> sample =
        switch (shape) {
          case MESSAGES -> chat(id, slice, messages(fields, problems), problems);
          case CONVERSATIONS -> chat(id, slice, conversations(fields, problems), problems);
          case PAIR -> pair(id, slice, fields, problems);
          case ALPACA -> alpaca(id, slice, fields, problems);
          case TEXT -> Optional.of(new Sample.Text(id, slice, text(fields, "text", problems)));
          case PREFERENCE -> {
            problems.add(
                "preference rows (chosen, rejected) are not for supervised tuning; to learn the"
                    + " chosen answers give --map completion=chosen --extra rejected");
            yield Optional.empty();
          }
          case UNKNOWN -> {
            if (problems.size() == before) {
              problems.add(Shape.advice(fields.keySet()));
            }
            yield Optional.empty();
          }
        };
    return problems.isEmpty() ? sample : Optional.empty();
  }

  /** The row's fields under our names; null ones and those passed over are left out. */
  private Map<String, JsonNode> fields(JsonNode row, List<String> problems) {
    Map<String, JsonNode> fields = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : row.properties()) {
      String name = field.getKey();
      if (field.getValue().isNull()) {
        continue;
      }
      String target = ours.get(name);
      if (target != null) {
        fields.put(target, field.getValue());
      } else if (options.map().containsKey(name)) {
        if (!options.extra().contains(name)) {
          problems.add(
              "field '"
                  + name
                  + "' is in the file, but --map reads it from '"
                  + options.source(name)
                  + "': list it in --extra or remove it");
        }
      } else if (!options.extra().contains(name)) {
        fields.put(name, field.getValue());
      }
    }
    if (fields.keySet().containsAll(options.map().keySet())) {
      return fields; // a million rows come this way
    }
    for (Map.Entry<String, String> name : new TreeMap<>(options.map()).entrySet()) {
      if (!fields.containsKey(name.getKey()) && isNeeded(name.getKey())) {
        problems.add(
            "field '" + name.getValue() + "' (mapped to " + name.getKey() + ") is missing");
      }
    }
    return fields;
  }

  private boolean isNeeded(String field) {
    return switch (field) {
      case "id", "slice" -> false;
      case "completion" -> options.purpose() == ReadOptions.Purpose.ANSWERS;
      default -> true;
    };
  }

  private static void refuseUnknown(
      Shape shape, Map<String, JsonNode> fields, List<String> problems) {
    if (shape == Shape.UNKNOWN
        || shape == Shape.PREFERENCE
        || shape.fields().containsAll(fields.keySet())) {
      return;
    }
    for (String name : new TreeSet<>(fields.keySet())) {
      if (!shape.fields().contains(name)) {
        problems.add("field '" + name + "' is unknown: list it in --extra or remove it");
      }
    }
  }

  private String id(@Nullable JsonNode node, int number, List<String> problems) {
    if (node == null) {
      return Integer.toString(number);
    }
    if (!(node.isString() && !node.stringValue().isEmpty()) && !node.isNumber()) {
      problems.add(
          "field '"
              + options.source("id")
              + "' is a text or a number, not "
              + TurnReader.kind(node));
      return "";
    }
    return node.asString();
  }

  private Optional<String> slice(@Nullable JsonNode node, List<String> problems) {
    if (node == null) {
      return Optional.empty();
    }
    if (!node.isString() && !node.isNumber()) {
      problems.add(
          "field '" + options.source("slice") + "' is a text, not " + TurnReader.kind(node));
    }
    return Optional.of(node.asString());
  }

  private Optional<Sample> chat(
      String id, Optional<String> slice, List<Turn> turns, List<String> problems) {
    if (options.purpose() == ReadOptions.Purpose.ANSWERS
        && problems.isEmpty()
        && turns.stream().noneMatch(Turn::answers)) {
      problems.add("no assistant turn, so there is no answer");
    }
    return turns.isEmpty() ? Optional.empty() : Optional.of(new Sample.Chat(id, slice, turns));
  }

  private List<Turn> messages(Map<String, JsonNode> fields, List<String> problems) {
    JsonNode list = fields.get("messages");
    if (list != null && list.isString()) {
      list = embedded(list, problems);
    }
    return TurnReader.messages(list, options.source("messages"), problems);
  }

  /** A table without nested columns carries the list as JSON in a text. */
  private JsonNode embedded(JsonNode text, List<String> problems) {
    try {
      return Json.parse(text.stringValue(), "field '" + options.source("messages") + "'");
    } catch (BadInput e) {
      problems.add(String.valueOf(e.getMessage()));
      return Json.mapper().createArrayNode();
    }
  }

  private List<Turn> conversations(Map<String, JsonNode> fields, List<String> problems) {
    List<Turn> turns = new ArrayList<>(system(fields, problems));
    turns.addAll(TurnReader.shareGpt(fields.get("conversations"), problems));
    return turns;
  }

  private Optional<Sample> pair(
      String id, Optional<String> slice, Map<String, JsonNode> fields, List<String> problems) {
    JsonNode prompt = fields.get("prompt");
    JsonNode completion = fields.get("completion");
    boolean promptList = prompt != null && prompt.isArray();
    boolean completionList = completion != null && completion.isArray();
    if (!promptList && !completionList) {
      String answer = completion == null ? "" : text(fields, "completion", problems);
      return Optional.of(new Sample.Pair(id, slice, text(fields, "prompt", problems), answer));
    }
    if (promptList != completionList && completion != null) {
      problems.add("prompt and completion are both texts or both lists of messages");
      return Optional.empty();
    }
    List<Turn> turns = new ArrayList<>();
    for (Turn turn : TurnReader.messages(prompt, options.source("prompt"), problems)) {
      turns.add(turn.untrained());
    }
    if (completion != null) {
      turns.addAll(TurnReader.messages(completion, options.source("completion"), problems));
    }
    return chat(id, slice, turns, problems);
  }

  /**
   * Alpaca's row: the input stands under the instruction, on a line of its own; a history of pairs
   * comes before, and is learned like every other assistant turn.
   */
  private Optional<Sample> alpaca(
      String id, Optional<String> slice, Map<String, JsonNode> fields, List<String> problems) {
    String instruction = text(fields, "instruction", problems);
    String input = fields.containsKey("input") ? text(fields, "input", problems) : "";
    String prompt = input.isEmpty() ? instruction : instruction + "\n" + input;
    String output = fields.containsKey("output") ? text(fields, "output", problems) : "";
    List<Turn> turns = new ArrayList<>(system(fields, problems));
    JsonNode history = fields.get("history");
    if (history != null) {
      turns.addAll(TurnReader.history(history, problems));
    }
    if (turns.isEmpty()) {
      return Optional.of(new Sample.Pair(id, slice, prompt, output));
    }
    turns.add(Turn.of(Turn.USER, prompt));
    if (fields.containsKey("output")) {
      turns.add(Turn.of(Turn.ASSISTANT, output));
    }
    return chat(id, slice, turns, problems);
  }

  private List<Turn> system(Map<String, JsonNode> fields, List<String> problems) {
    String text = fields.containsKey("system") ? text(fields, "system", problems) : "";
    return text.isEmpty() ? List.of() : List.of(Turn.of(Turn.SYSTEM, text));
  }

  private String text(Map<String, JsonNode> fields, String name, List<String> problems) {
    return TurnReader.text(fields.get(name), "field '" + options.source(name) + "'", problems);
  }
}
