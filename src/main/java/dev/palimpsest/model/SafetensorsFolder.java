package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Problems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** The weights of a Hugging Face folder: one safetensors file, or shards with an index. */
final class SafetensorsFolder implements AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  private final List<Safetensors> files;
  private final Map<String, Safetensors.Entry> tensors;

  private SafetensorsFolder(List<Safetensors> files, Map<String, Safetensors.Entry> tensors) {
    this.files = files;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Opens all files of the weights.
   *
   * @throws BadInput if there are none, or the shards are not what the index says
   */
  static SafetensorsFolder open(Path folder) {
    Path index = folder.resolve(INDEX);
    Path single = folder.resolve(SINGLE);
    List<Safetensors> files = new ArrayList<>();
    try {
      if (Files.exists(single)) {
        files.add(Safetensors.open(single));
        return new SafetensorsFolder(files, new TreeMap<>(files.getFirst().tensors()));
      }
      if (!Files.exists(index)) {
        throw new BadInput(folder + ": has neither " + SINGLE + " nor " + INDEX);
      }
      return sharded(folder, index, files);
    } catch (RuntimeException e) {
      files.forEach(Safetensors::close);
      throw e;
    }
  }

  private static SafetensorsFolder sharded(Path folder, Path index, List<Safetensors> files) {
    Map<String, String> shardOf = shardOf(index, Json.read(index).path("weight_map"));
    Problems problems = new Problems();
    Map<String, Safetensors.Entry> tensors = new TreeMap<>();
    for (String shard : new TreeSet<>(shardOf.values())) {
      Safetensors file = Safetensors.open(folder.resolve(shard));
      files.add(file);
      for (Safetensors.Entry entry : file.tensors().values()) {
        if (!shard.equals(shardOf.get(entry.name()))) {
          problems.add(shard + " holds " + entry.name() + ", which the index does not place there");
        }
        tensors.put(entry.name(), entry);
      }
    }
    shardOf.forEach(
        (name, shard) -> {
          if (!tensors.containsKey(name)) {
            problems.add(shard + " lacks " + name);
          }
        });
    problems.throwIfAny(index + ": the shards are not what it says");
    return new SafetensorsFolder(files, tensors);
  }

  private static Map<String, String> shardOf(Path index, JsonNode map) {
    if (!map.isObject() || map.isEmpty()) {
      throw new BadInput(index + ": weight_map is no JSON object that names the shards");
    }
    Map<String, String> shardOf = new TreeMap<>();
    for (Map.Entry<String, JsonNode> field : map.properties()) {
      JsonNode shard = field.getValue();
      // a shard lies in the folder itself, never elsewhere
      if (!shard.isString() || !shard.stringValue().matches("[\\w.-]+\\.safetensors")) {
        throw new BadInput(
            index + ": weight_map " + field.getKey() + ": " + shard + " is no shard");
      }
      shardOf.put(field.getKey(), shard.stringValue());
    }
    return shardOf;
  }

  Map<String, Safetensors.Entry> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    files.forEach(Safetensors::close);
  }
}
