package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a probe's answers are graded: a name and that grader's own settings.
 *
 * @param name such as {@code exact} or {@code sql}
 * @param settings the {@code metric} object as it was given, its name included
 */
public record Metric(String name, JsonNode settings) {
  /** Normalised exact match: the metric of an item that names none. */
  public static final Metric EXACT = named("exact");

  /** Copies the settings, which are mutable. */
  public Metric {
    settings = settings.deepCopy();
  }

  private static Metric named(String name) {
    return new Metric(name, Json.mapper().createObjectNode().put("name", name));
  }

  /**
   * Reads a {@code metric} field: an object with a {@code name}, or the name alone.
   *
   * @param where file and line, for the error
   */
  static Metric parse(JsonNode node, String where) {
    if (node.isString()) {
      return named(node.asString());
    }
    JsonNode name = node.path("name");
    if (!node.isObject() || !name.isString()) {
      throw new BadInput(
          where + ": metric: expected an object with a name, such as {\"name\": \"exact\"}");
    }
    return new Metric(name.asString(), node);
  }

  /** A setting that must be a text where it is given. */
  Optional<String> text(String setting, String where) {
    JsonNode value = settings.path(setting);
    if (value.isMissingNode()) {
      return Optional.empty();
    }
    if (!value.isString()) {
      throw new BadInput(where + ": metric " + name + ": " + setting + " must be a text");
    }
    return Optional.of(value.asString());
  }

  /** A setting that must be a list of texts where it is given; empty if it is not. */
  List<String> texts(String setting, String where) {
    JsonNode value = settings.path(setting);
    List<String> texts = new ArrayList<>();
    for (JsonNode each : value) {
      if (each.isString()) {
        texts.add(each.asString());
      }
    }
    if (!value.isMissingNode() && (!value.isArray() || texts.size() < value.size())) {
      throw new BadInput(where + ": metric " + name + ": " + setting + " must be a list of texts");
    }
    return texts;
  }

  /** A setting that must be a number of at least 0 where it is given. */
  double number(String setting, double otherwise, String where) {
    JsonNode value = settings.path(setting);
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isNumber() || !(value.asDouble() >= 0)) {
      throw new BadInput(where + ": metric " + name + ": " + setting + " must be a number >= 0");
    }
    return value.asDouble();
  }

  /** Refuses settings that the grader does not know. */
  void allow(String where, String... known) {
    for (String key : ((ObjectNode) settings).propertyNames()) {
      if (!key.equals("name") && !List.of(known).contains(key)) {
        throw new BadInput(
            where
                + ": metric "
                + name
                + ": unknown setting "
                + key
                + "; it has "
                + (known.length == 0 ? "none" : String.join(", ", known)));
      }
    }
  }
}
