package dev.palimpsest.cli;

import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneSettings;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How training goes; defaults are PEFT's and TRL's. */
final class TuneOptions {
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

  @Option(names = "--seed", defaultValue = "0", description = "default: ${DEFAULT-VALUE}")
  private long seed;

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
