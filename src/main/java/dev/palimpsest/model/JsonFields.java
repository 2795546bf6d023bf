package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The fields of a JSON object that another program wrote. A field that is null counts as absent;
 * one of the wrong kind is refused by name.
 *
 * @param where file and place, for errors
 */
record JsonFields(JsonNode node, String where) {
  JsonFields {
    if (!node.isObject()) {
      throw new BadInput(where + ": no JSON object");
    }
  }

  boolean has(String name) {
    return !node.path(name).isMissingNode() && !node.path(name).isNull();
  }

  private Optional<JsonNode> field(String name) {
    return has(name) ? Optional.of(node.path(name)) : Optional.empty();
  }

  BadInput fault(String name, String expected) {
    return new BadInput(where + ": " + name + " is " + shown(name) + ", not " + expected);
  }

  private String shown(String name) {
    String text = node.path(name).toString();
    return text.length() > 80 ? text.substring(0, 80) + "…" : text;
  }

  Optional<String> text(String name) {
    return field(name)
        .map(
            value -> {
              if (!value.isString()) {
                throw fault(name, "a string");
              }
              return value.stringValue();
            });
  }

  Optional<Integer> whole(String name) {
    return field(name)
        .map(
            value -> {
              if (!value.isIntegralNumber() || !value.canConvertToInt()) {
                throw fault(name, "a whole number");
              }
              return value.intValue();
            });
  }

  int positive(String name, int otherwise) {
    int value = whole(name).orElse(otherwise);
    if (value < 1) {
      throw new BadInput(where + ": " + name + " is " + value + ", not a whole number above 0");
    }
    return value;
  }

  int positive(String name) {
    if (!has(name)) {
      throw new BadInput(where + ": " + name + " is missing");
    }
    return positive(name, 1);
  }

  Optional<Double> real(String name) {
    return field(name)
        .map(
            value -> {
              double number = value.isNumber() ? value.asDouble(Double.NaN) : Double.NaN;
              if (!Double.isFinite(number)) {
                throw fault(name, "a number");
              }
              return number;
            });
  }

  boolean flag(String name, boolean otherwise) {
    return field(name)
        .map(
            value -> {
              if (!value.isBoolean()) {
                throw fault(name, "true or false");
              }
              return value.booleanValue();
            })
        .orElse(otherwise);
  }

  Optional<JsonFields> object(String name) {
    return field(name).map(value -> new JsonFields(value, where + ", " + name));
  }

  Optional<List<String>> texts(String name) {
    return field(name)
        .map(
            value -> {
              List<String> texts = new ArrayList<>();
              for (JsonNode element : value) {
                if (!element.isString()) {
                  throw fault(name, "an array of strings");
                }
                texts.add(element.stringValue());
              }
              if (!value.isArray()) {
                throw fault(name, "an array of strings");
              }
              return texts;
            });
  }

  /** A whole number or an array of them. */
  List<Integer> oneOrMore(String name) {
    JsonNode value = node.path(name);
    List<Integer> found = new ArrayList<>();
    if (value.isArray()) {
      for (JsonNode element : value) {
        if (!element.isIntegralNumber() || !element.canConvertToInt()) {
          throw fault(name, "an array of whole numbers");
        }
        found.add(element.intValue());
      }
    } else {
      whole(name).ifPresent(found::add);
    }
    return found;
  }
}
