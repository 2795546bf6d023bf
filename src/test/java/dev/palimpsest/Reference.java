package dev.palimpsest;

import dev.palimpsest.run.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What the scripts under {@code reference/} wrote: numbers, tiny checkpoints and adapters. */
public final class Reference {
  private static final Path RESOURCES = Path.of("src/test/resources");

  private Reference() {}

  /** {@code reference/NAME.json}. */
  public static JsonNode json(String name) {
    return Json.read(RESOURCES.resolve("reference").resolve(name + ".json"));
  }

  /** A tiny checkpoint's folder. */
  public static Path checkpoint(String name) {
    return RESOURCES.resolve("checkpoints").resolve(name);
  }

  /** A PEFT adapter's folder. */
  public static Path adapter(String name) {
    return RESOURCES.resolve("adapters").resolve(name);
  }

  /** An array of whole numbers. */
  public static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  /** An array of numbers. */
  public static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }

  /** The entry of an array whose {@code name} is the given one. */
  public static JsonNode named(JsonNode array, String name) {
    for (JsonNode entry : array) {
      if (entry.get("name").asString().equals(name)) {
        return entry;
      }
    }
    throw new IllegalArgumentException("no entry named " + name);
  }

  /** The names in an array, in order. */
  public static List<String> names(JsonNode array) {
    List<String> names = new ArrayList<>();
    array.forEach(entry -> names.add(entry.get("name").asString()));
    return names;
  }
}
