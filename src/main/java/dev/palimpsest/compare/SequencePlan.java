package dev.palimpsest.compare;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Tasks that are learned one after the other, as a user asks for it (docs/formats/sequence.md).
 *
 * @param model that the first stage begins with
 * @param mode what a stage goes on with
 * @param retention probes that no task is meant to move
 * @param builtIn whether the program's own retention probes are put to every stage, too
 * @param orders of the tasks' names; each is run with each seed
 * @param maxTokens of an answer
 */
public record SequencePlan(
    String model,
    Mode mode,
    List<Task> tasks,
    List<Path> retention,
    boolean builtIn,
    List<List<String>> orders,
    List<Long> seeds,
    int maxTokens) {
  /** What a stage does with the adapter of the stage before. */
  public enum Mode {
    /** Trains its factors further. */
    SAME,
    /** Leaves it as it is, trains a new one over it, and writes the two as one. */
    STACKED,
    /** The same, and a penalty keeps the new one out of its directions (O-LoRA). */
    ORTHOGONAL,
    /** The same, and nothing of the new one lies in its directions. */
    PROJECTED,
    /** Nothing: each task has an adapter of its own over the model. */
    FRESH
  }

  /** Copies the lists. */
  public SequencePlan {
    tasks = List.copyOf(tasks);
    retention = List.copyOf(retention);
    orders = orders.stream().map(List::copyOf).toList();
    seeds = List.copyOf(seeds);
  }

  /**
   * One task.
   *
   * @param gain the probe that tells how well it is done
   * @param options of {@code tune}, by their long names without dashes
   */
  public record Task(String name, Path gain, Map<String, String> options) {
    /** Copies the options. */
    public Task {
      options = Map.copyOf(options);
    }
  }

  Task task(String name) {
    return tasks.stream().filter(task -> task.name().equals(name)).findFirst().orElseThrow();
  }
}
