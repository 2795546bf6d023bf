package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Makes turns of the lists that rows hold: OpenAI's and TRL's messages, ShareGPT's, Alpaca's. */
final class TurnReader {
  private static final Set<String> ROLES =
      Set.of(Turn.SYSTEM, Turn.USER, Turn.ASSISTANT, Turn.TOOL);
  private static final Map<String, String> SPEAKERS =
      Map.of(
          "human", Turn.USER,
          "user", Turn.USER,
          "gpt", Turn.ASSISTANT,
          "chatgpt", Turn.ASSISTANT,
          "assistant", Turn.ASSISTANT,
          "model", Turn.ASSISTANT,
          "system", Turn.SYSTEM);

  private TurnReader() {}

  /** Turns from objects with role and content, and {@code train} or OpenAI's {@code weight}. */
  static List<Turn> messages(@Nullable JsonNode list, String field, List<String> problems) {
    List<Turn> turns = new ArrayList<>();
    for (JsonNode item : items(list, field, problems)) {
      String where = field + "[" + turns.size() + "]";
      int before = problems.size();
      refuseUnknown(item, Set.of("role", "content", "train", "weight"), where, problems);
      String role = text(item.get("role"), where + ": role", problems);
      if (problems.size() == before && !ROLES.contains(role)) {
        problems.add(where + ": role '" + role + "' is not system, user, assistant or tool");
      }
      String content = text(item.get("content"), where + ": content", problems);
      boolean train = train(item, role, where, problems);
      turns.add(
          problems.size() == before ? new Turn(role, content, train) : Turn.of(Turn.USER, ""));
    }
    return turns;
  }

  /** Turns from objects with from and value. */
  static List<Turn> shareGpt(@Nullable JsonNode list, List<String> problems) {
    List<Turn> turns = new ArrayList<>();
    for (JsonNode item : items(list, "conversations", problems)) {
      String where = "conversations[" + turns.size() + "]";
      refuseUnknown(item, Set.of("from", "value"), where, problems);
      String from = text(item.get("from"), where + ": from", problems);
      String role = SPEAKERS.get(from.toLowerCase(Locale.ROOT));
      if (role == null) {
        problems.add(where + ": from '" + from + "' is not system, human or gpt");
      }
      String value = text(item.get("value"), where + ": value", problems);
      turns.add(Turn.of(role == null ? Turn.USER : role, value));
    }
    return turns;
  }

  /** Turns from pairs of a question and its answer. */
  static List<Turn> history(JsonNode list, List<String> problems) {
    List<Turn> turns = new ArrayList<>();
    if (!list.isArray()) {
      problems.add("field 'history' is a list of [question, answer], not " + kind(list));
      return turns;
    }
    for (JsonNode pair : list) {
      String where = "history[" + turns.size() / 2 + "]";
      if (!pair.isArray() || pair.size() != 2) {
        problems.add(where + " is not [question, answer]");
        continue;
      }
      turns.add(Turn.of(Turn.USER, text(pair.get(0), where + "[0]", problems)));
      turns.add(Turn.of(Turn.ASSISTANT, text(pair.get(1), where + "[1]", problems)));
    }
    return turns;
  }

  /** The text in a node; an empty one where {@code problems} tell what is wrong. */
  static String text(@Nullable JsonNode node, String where, List<String> problems) {
    if (node == null || node.isNull()) {
      problems.add(where + " is missing");
      return "";
    }
    if (!node.isString()) {
      problems.add(where + " is a text, not " + kind(node));
      return "";
    }
    String text = node.stringValue();
    if (hasLoneSurrogate(text)) {
      problems.add(where + " holds half of a surrogate pair, which is no character");
    }
    return text;
  }

  static String kind(JsonNode node) {
    if (node.isString() && node.stringValue().isEmpty()) {
      return "an empty text";
    }
    return switch (node.getNodeType()) {
      case ARRAY -> "a list";
      case OBJECT -> "an object";
      case STRING -> "a text";
      case NUMBER -> "a number";
      case BOOLEAN -> "true or false";
      case NULL -> "null";
      case BINARY, MISSING, POJO -> "something else";
    };
  }

  private static List<JsonNode> items(
      @Nullable JsonNode list, String field, List<String> problems) {
    List<JsonNode> items = new ArrayList<>();
    if (list == null || !list.isArray()) {
      problems.add(
          "field '" + field + "' is a list of turns" + (list == null ? "" : ", not " + kind(list)));
      return items;
    }
    if (list.isEmpty()) {
      problems.add("field '" + field + "' is an empty list");
    }
    for (JsonNode item : list) {
      if (item.isObject()) {
        items.add(item);
      } else {
        problems.add(field + "[" + items.size() + "] is an object, not " + kind(item));
        return items;
      }
    }
    return items;
  }

  private static void refuseUnknown(
      JsonNode item, Set<String> known, String where, List<String> problems) {
    for (Map.Entry<String, JsonNode> field : item.properties()) {
      if (!known.contains(field.getKey()) && !field.getValue().isNull()) {
        problems.add(where + ": '" + field.getKey() + "' is unknown");
      }
    }
  }

  private static boolean train(JsonNode item, String role, String where, List<String> problems) {
    boolean answers = role.equals(Turn.ASSISTANT);
    JsonNode train = present(item.get("train"));
    JsonNode weight = present(item.get("weight"));
    if (train != null && weight != null) {
      problems.add(where + ": has both train and weight");
      return answers;
    }
    boolean wanted = answers;
    if (train != null) {
      if (!train.isBoolean()) {
        problems.add(where + ": train is true or false, not " + kind(train));
        return answers;
      }
      wanted = train.booleanValue();
    } else if (weight != null) {
      if (!weight.isNumber() || (weight.doubleValue() != 0 && weight.doubleValue() != 1)) {
        problems.add(where + ": weight is 0 or 1; other weights are not supported");
        return answers;
      }
      wanted = weight.doubleValue() == 1;
    }
    if (wanted && !answers) {
      problems.add(where + ": only an assistant's turn is trained, not a " + role + "'s");
    }
    return wanted && answers;
  }

  private static @Nullable JsonNode present(@Nullable JsonNode node) {
    return node == null || node.isNull() ? null : node;
  }

  private static boolean hasLoneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return true;
      }
    }
    return false;
  }
}
