package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.TuneSettings;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a training run may be told; defaults are PEFT's and TRL's. */
final class TuneOptions {
  @Option(
      names = "--method",
      defaultValue = "lora",
      description = "lora, rslora; default: ${DEFAULT-VALUE}")
  private String method = "";

  @Option(names = "--rank", defaultValue = "16", description = "default: ${DEFAULT-VALUE}")
  private int rank;

  @Option(names = "--alpha", description = "default: twice the rank")
  private @Nullable Double alpha;

  @Option(
      names = "--targets",
      defaultValue = "all-linear",
      description = "default: ${DEFAULT-VALUE}")
  private String targets = "";

  @Option(names = "--batch", defaultValue = "8", description = "default: ${DEFAULT-VALUE}")
  private int batch;

  @Option(
      names = "--accumulate",
      defaultValue = "1",
      description = "batches a step; default: ${DEFAULT-VALUE}")
  private int accumulate;

  @Option(names = "--lr", defaultValue = "2e-4", description = "default: ${DEFAULT-VALUE}")
  private double rate;

  @Option(
      names = "--schedule",
      defaultValue = "linear",
      description = "${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
  private Schedule schedule = Schedule.LINEAR;

  @Option(
      names = "--warmup",
      defaultValue = "0",
      description = "steps in which the rate rises; default: ${DEFAULT-VALUE}")
  private int warmup;

  @Option(
      names = "--clip",
      defaultValue = "1.0",
      description = "largest gradient norm, 0 for none; default: ${DEFAULT-VALUE}")
  private double clip;

  @Option(
      names = "--optimizer",
      defaultValue = "adamw",
      description = "adamw, sgd; default: ${DEFAULT-VALUE}")
  private String optimizer = "";

  @Option(names = "--weight-decay", defaultValue = "0", description = "default: ${DEFAULT-VALUE}")
  private double decay;

  @Option(names = "--steps", description = "instead of epochs")
  private @Nullable Integer steps;

  @Option(names = "--epochs", defaultValue = "1", description = "default: ${DEFAULT-VALUE}")
  private int epochs;

  @Option(
      names = "--checkpoint-every",
      defaultValue = "0",
      description = "steps; 0 for none; default: ${DEFAULT-VALUE}")
  private int checkpointEvery;

  @Option(
      names = "--keep",
      defaultValue = "2",
      description = "newest checkpoints kept, 0 for all; default: ${DEFAULT-VALUE}")
  private int keep;

  @Option(
      names = "--eval-every",
      defaultValue = "0",
      description = "steps; 0 for the end alone; default: ${DEFAULT-VALUE}")
  private int evaluateEvery;

  @Option(names = "--replay", description = "FILE:PERCENT of an epoch's items against forgetting")
  private @Nullable String replay;

  @Option(names = "--seed", defaultValue = "0", description = "default: ${DEFAULT-VALUE}")
  private long seed;

  Optional<TuneJob.Replay> replay() {
    if (replay == null) {
      return Optional.empty();
    }
    int colon = replay.lastIndexOf(':');
    if (colon < 1) {
      throw new BadInput("--replay " + replay + ": give FILE:PERCENT, such as old.jsonl:10%");
    }
    double percent = ProbeOptions.percent(replay.substring(colon + 1)) * 100;
    Path file = Path.of(replay.substring(0, colon)).toAbsolutePath();
    return Optional.of(new TuneJob.Replay(file, percent));
  }

  TuneJob.Lora lora() {
    return new TuneJob.Lora(method, rank, alpha == null ? 2.0 * rank : alpha, targets);
  }

  TuneSettings settings() {
    OptionalInt exactly = steps == null ? OptionalInt.empty() : OptionalInt.of(steps);
    return new TuneSettings(
        batch,
        accumulate,
        rate,
        schedule,
        warmup,
        clip,
        optimizer,
        decay,
        new TuneSettings.Length(exactly, epochs),
        new TuneSettings.Saving(checkpointEvery, keep, evaluateEvery),
        seed);
  }
}
