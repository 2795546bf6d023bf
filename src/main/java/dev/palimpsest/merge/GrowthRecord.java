package dev.palimpsest.merge;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/**
 * What a grown model's folder says of its making, in {@code growth.json}.
 *
 * @param base what the user called it
 * @param baseFingerprint of its tensors
 * @param layerMap the number of the base's layer that each layer is made of
 * @param newLayers numbers of those that were added
 * @param newParts what was added inside of layers, as {@code tune --train} takes it
 * @param newTokens ids of the tokens that were added
 */
public record GrowthRecord(
    String base,
    String baseFingerprint,
    String method,
    List<Integer> layerMap,
    List<Integer> newLayers,
    List<String> newParts,
    Map<String, Integer> newTokens) {
  private static final String FILE = "growth.json";

  /** Copies; records of old have neither parts nor tokens. */
  public GrowthRecord {
    layerMap = List.copyOf(layerMap);
    newLayers = List.copyOf(newLayers);
    newParts = List.copyOf(Objects.requireNonNullElse(newParts, List.of()));
    newTokens =
        Collections.unmodifiableMap(
            new LinkedHashMap<>(Objects.requireNonNullElse(newTokens, Map.of())));
  }

  /** What a base's folder says of its own making. */
  static Optional<GrowthRecord> before(Path base) {
    Path file = base.resolve(FILE);
    return Files.isRegularFile(file) ? Optional.of(read(file)) : Optional.empty();
  }

  void write(Path folder) {
    AtomicFile.write(folder.resolve(FILE), Json.writePretty(this) + "\n");
  }

  /**
   * What trains the new layers or parts alone, as {@code tune --train} takes it.
   *
   * @param model a folder that {@code grow} wrote, or a model that was tuned from it
   * @throws BadInput if the folder has no record, or no layer is new
   */
  public static String selection(Path model) {
    Path file = model.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new BadInput(
          "--train new: " + file + " is not there; give --model a folder that grow wrote");
    }
    GrowthRecord record = read(file);
    String selection = selection(record.newLayers, record.newParts);
    if (selection.isEmpty()) {
      throw new BadInput(
          "--train new: "
              + file
              + ": method "
              + record.method
              + " left no layer as it was; take --method full, or an adapter");
    }
    return selection;
  }

  /**
   * The tokens that were added, as {@code tune --train-tokens} takes them.
   *
   * @param model a folder that {@code grow} wrote, or a model that was tuned from it
   * @throws BadInput if the folder has no record, or no token is new
   */
  public static Set<String> tokens(Path model) {
    Map<String, Integer> tokens = before(model).map(GrowthRecord::newTokens).orElse(Map.of());
    if (tokens.isEmpty()) {
      throw new BadInput(
          "--train-tokens new: "
              + model.resolve(FILE)
              + " names no token; give --model a folder that grow --method tokens wrote");
    }
    return tokens.keySet();
  }

  static String selection(List<Integer> layers, List<String> parts) {
    return Stream.concat(layers.stream().map(layer -> "layers:" + layer), parts.stream())
        .collect(Collectors.joining(","));
  }

  private static GrowthRecord read(Path file) {
    try {
      return Json.mapper().treeToValue(Json.read(file), GrowthRecord.class);
    } catch (JacksonException e) {
      throw new BadInput(file + ": is no record that grow wrote; grow the model again", e);
    }
  }
}
