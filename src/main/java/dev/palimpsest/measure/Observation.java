package dev.palimpsest.measure;

import dev.palimpsest.generate.FinishReason;
import dev.palimpsest.run.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What one system was seen to do with one item. */
sealed interface Observation {
  /** The text that the store keeps. */
  String json();

  /**
   * A graded answer.
   *
   * @param loop whether it ended in endless repetition
   * @param finish why it ended
   */
  record Answered(Grade grade, String text, boolean loop, FinishReason finish)
      implements Observation {
    boolean right() {
      return grade.right();
    }

    OptionalDouble score() {
      return grade.score();
    }

    @Override
    public String json() {
      ObjectNode node = Json.mapper().createObjectNode();
      node.put("right", right()).put("text", text).put("loop", loop).put("finish", finish.name());
      score().ifPresent(value -> node.put("score", value));
      grade.verdict().ifPresent(verdict -> node.set("verdict", Json.mapper().valueToTree(verdict)));
      return node.toString();
    }
  }

  /**
   * The log-probability of each choice, in nats, its end-of-turn token included.
   *
   * @param logprobs in the order of the item's choices
   */
  record Weighed(List<Double> logprobs) implements Observation {
    public Weighed {
      logprobs = List.copyOf(logprobs);
    }

    @Override
    public String json() {
      ObjectNode node = Json.mapper().createObjectNode();
      logprobs.forEach(node.putArray("logprobs")::add);
      return node.toString();
    }
  }

  /**
   * A text's information content.
   *
   * @param bytes of the scored tokens, so without the first one's
   * @param tokens scored
   */
  record Coded(double bits, int bytes, int tokens) implements Observation {
    @Override
    public String json() {
      ObjectNode node = Json.mapper().createObjectNode();
      return node.put("bits", bits).put("bytes", bytes).put("tokens", tokens).toString();
    }
  }

  /** Reads what {@link #json} wrote. */
  static Observation parse(String json) {
    JsonNode node = Json.parse(json, "observation");
    if (node.has("bits")) {
      return new Coded(
          node.get("bits").asDouble(), node.get("bytes").asInt(), node.get("tokens").asInt());
    }
    if (node.has("logprobs")) {
      List<Double> logprobs = new ArrayList<>();
      node.get("logprobs").forEach(each -> logprobs.add(each.asDouble()));
      return new Weighed(logprobs);
    }
    JsonNode score = node.path("score");
    JsonNode verdict = node.path("verdict");
    return new Answered(
        new Grade(
            node.get("right").asBoolean(),
            score.isMissingNode() ? OptionalDouble.empty() : OptionalDouble.of(score.asDouble()),
            verdict.isMissingNode()
                ? Optional.empty()
                : Optional.of(Json.mapper().treeToValue(verdict, Judge.Verdict.class))),
        node.get("text").asString(),
        node.get("loop").asBoolean(),
        FinishReason.valueOf(node.get("finish").asString()));
  }
}
