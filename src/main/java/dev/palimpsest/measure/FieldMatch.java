package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Field accuracy: both answer and completion are JSON objects, taken apart into their leaves
 * ({@code /address/city}, {@code /tags/0}); the score is the share of equal leaves among all that
 * either has, so an invented field counts as a missed one does. Texts are equal after
 * normalisation, numbers by value, an empty object or list is a leaf. {@code {"name": "fields",
 * "fields": ["total"], "least": 1}}: only these fields of the top level, all if not given; right
 * from a score of {@code least} on.
 */
record FieldMatch(List<String> fields, double least) implements Grader {
  static FieldMatch of(Metric metric, String where) {
    metric.allow(where, "fields", "least");
    double least = metric.number("least", 1, where);
    if (least <= 0 || least > 1) {
      throw new BadInput(where + ": metric fields: least must be above 0 and at most 1");
    }
    return new FieldMatch(metric.texts("fields", where), least);
  }

  private Map<String, JsonNode> leaves(String text) {
    Map<String, JsonNode> leaves = new TreeMap<>();
    SchemaMatch.value(text)
        .filter(JsonNode::isObject)
        .ifPresent(
            object ->
                object.forEachEntry(
                    (name, value) -> {
                      if (fields.isEmpty() || fields.contains(name)) {
                        collect("/" + name, value, leaves);
                      }
                    }));
    return leaves;
  }

  private static void collect(String path, JsonNode node, Map<String, JsonNode> leaves) {
    if (node.isEmpty()) { // a value, or a container with nothing in it
      leaves.put(path, node);
    } else if (node.isObject()) {
      node.forEachEntry((name, value) -> collect(path + "/" + name, value, leaves));
    } else {
      for (int i = 0; i < node.size(); i++) {
        collect(path + "/" + i, node.get(i), leaves);
      }
    }
  }

  private static boolean same(@Nullable JsonNode wanted, @Nullable JsonNode found) {
    if (wanted == null || found == null) {
      return false;
    }
    if (wanted.isNumber() && found.isNumber()) {
      return number(wanted).compareTo(number(found)) == 0;
    }
    if (wanted.isString() && found.isString()) {
      String a = ExactMatch.normalised(wanted.asString());
      // of signs alone nothing would be left to compare
      return a.isEmpty() ? wanted.equals(found) : a.equals(ExactMatch.normalised(found.asString()));
    }
    return wanted.equals(found);
  }

  private static BigDecimal number(JsonNode node) {
    return new BigDecimal(node.asString());
  }

  double score(String completion, String answer) {
    Map<String, JsonNode> wanted = leaves(completion);
    Map<String, JsonNode> found = leaves(answer);
    TreeSet<String> all = new TreeSet<>(wanted.keySet());
    all.addAll(found.keySet());
    long same = all.stream().filter(path -> same(wanted.get(path), found.get(path))).count();
    return all.isEmpty() ? 0 : (double) same / all.size();
  }

  @Override
  public Grade grade(ProbeItem.Ask item, String answer) {
    return Grade.of(score(item.completion(), answer), least);
  }

  @Override
  public boolean right(String completion, String answer) {
    return score(completion, answer) >= least;
  }

  @Override
  public void check(String completion) {
    if (leaves(completion).isEmpty()) {
      throw new IllegalArgumentException(
          "the completion is no JSON object with "
              + (fields.isEmpty() ? "fields" : "one of " + String.join(", ", fields)));
    }
  }
}
