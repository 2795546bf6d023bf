package dev.palimpsest.model;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.Json;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes safetensors files tensor by tensor: only one is in memory at a time, and a file appears
 * whole or not at all.
 */
public final class SafetensorsWriter {
  private SafetensorsWriter() {}

  /** A tensor to be written. */
  @SuppressWarnings("ArrayRecordComponent") // small, handed to libtorch as it is
  public record Plan(String name, DType type, long[] shape) {
    /** Its size in the file. */
    public long bytes() {
      return Arrays.stream(shape).reduce(type.bytes(), Math::multiplyExact);
    }
  }

  /**
   * Writes one file.
   *
   * @param content gives each planned tensor by name when its turn comes, on the CPU; it is freed
   *     once it is written if it was made inside the call
   * @throws dev.palimpsest.run.EnvironmentFailure naming the file, which is then as it was before
   */
  public static void write(Path file, List<Plan> plans, Function<String, Tensor> content) {
    // widest elements first, so that every tensor is aligned to its element
    List<Plan> ordered =
        plans.stream()
            .sorted(
                Comparator.comparingInt((Plan plan) -> -plan.type.bytes())
                    .thenComparing(Plan::name))
            .toList();
    byte[] header = header(ordered);
    AtomicFile.write(
        file,
        out -> {
          out.write(
              ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
          out.write(header);
          for (Plan plan : ordered) {
            try (Scope _ = Scope.open()) {
              write(out, plan, content.apply(plan.name));
            }
          }
        });
  }

  /**
   * Writes the weights of a model: {@code model.safetensors}, or shards and their index where one
   * file would grow beyond {@code mostBytes}.
   */
  public static void writeModel(
      Path folder, List<Plan> plans, long mostBytes, Function<String, Tensor> content) {
    List<List<Plan>> shards = shards(plans, mostBytes);
    if (shards.size() == 1) {
      write(folder.resolve(SafetensorsFolder.SINGLE), shards.getFirst(), content);
      return;
    }
    Map<String, String> shardOf = new LinkedHashMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String name = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
      write(folder.resolve(name), shards.get(i), content);
      shards.get(i).forEach(plan -> shardOf.put(plan.name, name));
    }
    long total = plans.stream().mapToLong(Plan::bytes).sum();
    AtomicFile.write(
        folder.resolve(SafetensorsFolder.INDEX),
        Json.writePretty(Map.of("metadata", Map.of("total_size", total), "weight_map", shardOf)));
  }

  private static List<List<Plan>> shards(List<Plan> plans, long mostBytes) {
    List<List<Plan>> shards = new ArrayList<>();
    shards.add(new ArrayList<>());
    long bytes = 0;
    for (Plan plan : plans) {
      if (bytes > 0 && bytes + plan.bytes() > mostBytes) {
        shards.add(new ArrayList<>());
        bytes = 0;
      }
      shards.getLast().add(plan);
      bytes += plan.bytes();
    }
    return shards;
  }

  private static byte[] header(List<Plan> plans) {
    Map<String, Object> header = new LinkedHashMap<>();
    // transformers refuses files that do not name their format
    header.put("__metadata__", Map.of("format", "pt"));
    long at = 0;
    for (Plan plan : plans) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", plan.type.name());
      entry.put("shape", plan.shape);
      entry.put("data_offsets", new long[] {at, at + plan.bytes()});
      at += plan.bytes();
      if (header.put(plan.name, entry) != null) {
        throw new IllegalArgumentException("two tensors are called " + plan.name);
      }
    }
    byte[] json = Json.write(header).getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(json, Math.ceilDiv(json.length, 8) * 8);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return padded;
  }

  private static void write(OutputStream out, Plan plan, Tensor tensor) throws IOException {
    if (tensor.dtype() != plan.type || !Arrays.equals(tensor.shape(), plan.shape)) {
      throw new IllegalArgumentException(
          plan.name
              + " was planned as "
              + plan.type
              + Arrays.toString(plan.shape)
              + ", is "
              + tensor);
    }
    StoredBytes.write(tensor.inMemory().segment(), out);
  }
}
