package dev.palimpsest.compare;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Where the demonstration's time goes: seconds by stage, one stage at a time. */
public final class DemoStages {
  /** Parts of the demonstration, in the order in which they are first reached. */
  public enum Stage {
    LOAD("model and table fetched, loaded"),
    TASKS("tasks made of the table"),
    TEXTS("texts that the base writes"),
    BASE("the base measured"),
    TRAINING("training"),
    ANSWERS("the tasks' held-out items, tuned"),
    RETENTION("retention probes, tuned"),
    DIVERGENCE("divergence along the base's texts"),
    PATHS("checkpoints and scales"),
    TOKENS("token by token");

    private final String words;

    Stage(String words) {
      this.words = words;
    }

    /** What it is, for people. */
    public String words() {
      return words;
    }
  }

  private final LongSupplier nanoTime;
  private final long start;
  private final Map<Stage, Long> nanos = new LinkedHashMap<>();

  /** Starts the clock. */
  public DemoStages(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.start = nanoTime.getAsLong();
  }

  /** Does some work and books its time, also if it fails. */
  public <T> T time(Stage stage, Supplier<T> work) {
    long from = nanoTime.getAsLong();
    try {
      return work.get();
    } finally {
      nanos.merge(stage, nanoTime.getAsLong() - from, Long::sum);
    }
  }

  /** Seconds since the start. */
  public double seconds() {
    return (nanoTime.getAsLong() - start) / 1e9;
  }

  /** Seconds by stage, those that were reached. */
  public List<DemoResult.Cost> costs() {
    List<DemoResult.Cost> costs = new ArrayList<>();
    nanos.forEach((stage, spent) -> costs.add(new DemoResult.Cost(stage, spent / 1e9)));
    return Collections.unmodifiableList(costs);
  }
}
