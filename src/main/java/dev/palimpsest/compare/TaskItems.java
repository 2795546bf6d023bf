package dev.palimpsest.compare;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A task: what is trained on, what choices may look at (dev), and what is reported (held-out). No
 * prompt occurs twice, in one part or in two.
 *
 * @param name the files' first word
 * @param metric how answers are graded, as a probe's {@code metric} object; empty for normalised
 *     exact match
 */
public record TaskItems(
    String name,
    Map<String, String> metric,
    List<TaskItem> train,
    List<TaskItem> dev,
    List<TaskItem> heldOut) {
  /** Copies the lists and refuses prompts and ids that occur twice. */
  public TaskItems {
    metric = Collections.unmodifiableMap(new LinkedHashMap<>(metric));
    train = List.copyOf(train);
    dev = List.copyOf(dev);
    heldOut = List.copyOf(heldOut);
    Set<String> prompts = new HashSet<>();
    Set<String> ids = new HashSet<>();
    for (List<TaskItem> part : List.of(train, dev, heldOut)) {
      for (TaskItem item : part) {
        if (!prompts.add(item.prompt()) || !ids.add(item.id())) {
          throw new IllegalArgumentException(
              name + ": item " + item.id() + " occurs twice: " + item.prompt());
        }
      }
    }
  }

  /**
   * Writes {@code NAME-train.jsonl}, {@code NAME-dev.jsonl} and {@code NAME-heldout.jsonl}, each
   * whole or not at all. Training items hold {@code id}, {@code prompt} and {@code completion}; the
   * others {@code slice} and {@code metric} too.
   *
   * @return the files, in that order
   * @throws dev.palimpsest.run.EnvironmentFailure naming the file that cannot be written
   */
  public List<Path> write(Path folder) {
    List<Path> files = new ArrayList<>();
    files.add(write(folder.resolve(name + "-train.jsonl"), train, Map.of()));
    files.add(write(folder.resolve(name + "-dev.jsonl"), dev, metric));
    files.add(write(folder.resolve(name + "-heldout.jsonl"), heldOut, metric));
    return files;
  }

  private static Path write(Path file, List<TaskItem> items, Map<String, String> metric) {
    StringBuilder text = new StringBuilder();
    for (TaskItem item : items) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("id", item.id());
      line.put("prompt", item.prompt());
      line.put("completion", item.completion());
      item.slice().ifPresent(slice -> line.put("slice", slice));
      if (!metric.isEmpty()) {
        line.put("metric", metric);
      }
      text.append(Json.write(line)).append('\n');
    }
    AtomicFile.write(file, text.toString());
    return file;
  }
}
