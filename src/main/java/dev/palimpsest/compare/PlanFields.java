package dev.palimpsest.compare;

import dev.palimpsest.run.Problems;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** What the keys of plans have in common; whatever is wrong is noted. */
record PlanFields(Problems problems) {
  /** Options of {@code tune} by their long names; a list becomes what the command line has. */
  Map<String, String> options(String where, JsonNode node) {
    Map<String, String> options = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      options.put(entry.getKey(), joined(where + entry.getKey(), entry.getValue()));
    }
    return options;
  }

  private String joined(String where, JsonNode value) {
    if (value.isArray()) {
      return value.valueStream().map(part -> joined(where, part)).collect(Collectors.joining(","));
    }
    if (!value.isValueNode() || value.isNull()) {
      problems.add(where + ": give a text, a number, or a list of these");
      return "";
    }
    return value.asString();
  }

  /** Refuses other keys than these. */
  void known(String where, JsonNode node, Set<String> keys) {
    for (String key : node.propertyNames()) {
      if (!keys.contains(key)) {
        problems.add(
            where + key + " is unknown" + near(key, keys) + "; known are " + new TreeSet<>(keys));
      }
    }
  }

  /** The key that a misspelled one may have been, or nothing. */
  private static String near(String key, Set<String> keys) {
    int most = Math.max(1, key.length() / 3);
    return new TreeSet<>(keys)
        .stream()
            .filter(each -> edits(key, each) <= most)
            .min(Comparator.comparingInt(each -> edits(key, each)))
            .map(each -> ", did you mean " + each + "?")
            .orElse("");
  }

  /** Letters put in, left out or exchanged (Levenshtein). */
  private static int edits(String one, String other) {
    int[] row = IntStream.rangeClosed(0, other.length()).toArray();
    for (int i = 1; i <= one.length(); i++) {
      int corner = row[0];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int exchanged = corner + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        corner = row[j];
        row[j] = Math.min(exchanged, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[other.length()];
  }

  /** A text that must be there. */
  String required(JsonNode node, String key) {
    Optional<String> text = text(node, key);
    if (text.isEmpty()) {
      problems.add(key + " is missing");
    }
    return text.orElse("");
  }

  /** A text, a number or a flag as it is written. */
  static Optional<String> text(JsonNode node, String key) {
    JsonNode value = node.path(key);
    return value.isValueNode() && !value.isNull()
        ? Optional.of(value.asString())
        : Optional.empty();
  }

  /** A list, or a single text. */
  static List<String> texts(JsonNode node, String key) {
    JsonNode value = node.path(key);
    return value.isArray()
        ? value.valueStream().map(JsonNode::asString).toList()
        : text(node, key).map(List::of).orElse(List.of());
  }

  /** Whole numbers, each once; 0 if nothing is said. */
  List<Long> seeds(JsonNode document) {
    JsonNode value = document.path("seeds");
    if (value.isMissingNode()) {
      return List.of(0L);
    }
    List<JsonNode> each = value.isArray() ? value.valueStream().toList() : List.of(value);
    List<Long> seeds =
        each.stream().filter(JsonNode::isIntegralNumber).map(JsonNode::asLong).distinct().toList();
    if (each.isEmpty() || seeds.size() != each.size()) {
      problems.add("seeds: give whole numbers, each once, such as [1, 2, 3]");
    }
    return seeds;
  }

  /** A whole number from 1. */
  int positive(String where, JsonNode node, String key, int otherwise) {
    return number(where + key, node.path(key), 1, otherwise);
  }

  /** A whole number from 0. */
  int notNegative(JsonNode node, String key, int otherwise) {
    return number(key, node.path(key), 0, otherwise);
  }

  private int number(String where, JsonNode value, int least, int otherwise) {
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isInt() || value.asInt() < least) {
      problems.add(where + ": give a whole number from " + least);
      return otherwise;
    }
    return value.asInt();
  }
}
