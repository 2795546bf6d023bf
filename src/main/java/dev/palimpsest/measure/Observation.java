package dev.palimpsest.measure;

import dev.palimpsest.run.Json;
import java.util.ArrayList;
import java.util.List;
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
   */
  record Answered(boolean right, String text, boolean loop) implements Observation {
    @Override
    public String json() {
      return Json.mapper()
          .createObjectNode()
          .put("right", right)
          .put("text", text)
          .put("loop", loop)
          .toString();
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
   */
  record Coded(double bits, int bytes) implements Observation {
    @Override
    public String json() {
      return Json.mapper().createObjectNode().put("bits", bits).put("bytes", bytes).toString();
    }
  }

  /** Reads what {@link #json} wrote. */
  static Observation parse(String json) {
    JsonNode node = Json.parse(json, "observation");
    if (node.has("bits")) {
      return new Coded(node.get("bits").asDouble(), node.get("bytes").asInt());
    }
    if (node.has("logprobs")) {
      List<Double> logprobs = new ArrayList<>();
      node.get("logprobs").forEach(each -> logprobs.add(each.asDouble()));
      return new Weighed(logprobs);
    }
    return new Answered(
        node.get("right").asBoolean(), node.get("text").asString(), node.get("loop").asBoolean());
  }
}
