package dev.palimpsest.cli;

import dev.palimpsest.tune.LossLimit;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneSettings;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How training goes; defaults are PEFT's and TRL's. */
final class TuneOptions {
  private static final TuneSettings DEFAULTS = TuneSettings.defaults();

  @Option(names = "--batch", description = "default: ${DEFAULT-VALUE}")
  private int batch = DEFAULTS.batch();

  @Option(names = "--accumulate", description = "batches a step; default: ${DEFAULT-VALUE}")
  private int accumulate = DEFAULTS.accumulate();

  @Option(names = "--lr", description = "default: 2e-4 of an adapter, 2e-5 of full and freeze")
  private @Nullable Double rate;

  @Option(names = "--schedule", description = "${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
  private Schedule schedule = DEFAULTS.schedule();

  @Option(
      names = "--warmup",
      description = "steps in which the rate rises; default: ${DEFAULT-VALUE}")
  private int warmup = DEFAULTS.warmup();

  @Option(
      names = "--clip",
      description = "largest gradient norm, 0 for none; default: ${DEFAULT-VALUE}")
  private double clip = DEFAULTS.clip();

  @Option(
      names = "--optimizer",
      description = "adamw, adamw8bit, adafactor, sgd; default: ${DEFAULT-VALUE}")
  private String optimizer = DEFAULTS.optimizer();

  @Option(names = "--weight-decay", description = "default: ${DEFAULT-VALUE}")
  private double decay = DEFAULTS.decay();

  @Option(names = "--steps", description = "instead of epochs")
  private @Nullable Integer steps;

  @Option(names = "--epochs", description = "default: ${DEFAULT-VALUE}")
  private int epochs = DEFAULTS.length().epochs();

  @Option(
      names = "--checkpoint-every",
      description = "steps; 0 for none; default: ${DEFAULT-VALUE}")
  private int checkpointEvery = DEFAULTS.saving().checkpointEvery();

  @Option(
      names = "--keep-checkpoints",
      description = "newest checkpoints kept, 0 for all; default: ${DEFAULT-VALUE}")
  private int keep = DEFAULTS.saving().keep();

  @Option(
      names = "--eval-every",
      description = "steps; 0 for the end alone; default: ${DEFAULT-VALUE}")
  private int evaluateEvery = DEFAULTS.saving().evaluateEvery();

  @Option(
      names = "--keep-best",
      fallbackValue = "true",
      description = "write the evaluated step with the lowest held-out loss, not the last")
  private boolean keepBest;

  @Option(names = "--seed", description = "default: ${DEFAULT-VALUE}")
  private long seed = DEFAULTS.seed();

  /**
   * The settings.
   *
   * @param usualRate if the user says nothing
   * @param limit on what is lost
   */
  TuneSettings settings(double usualRate, Optional<LossLimit> limit) {
    OptionalInt exactly = steps == null ? OptionalInt.empty() : OptionalInt.of(steps);
    return new TuneSettings(
        batch,
        accumulate,
        rate == null ? usualRate : rate,
        schedule,
        warmup,
        clip,
        optimizer,
        decay,
        new TuneSettings.Length(exactly, epochs),
        new TuneSettings.Saving(
            checkpointEvery,
            keep,
            evaluateEvery,
            keepBest ? TuneSettings.Outcome.BEST : TuneSettings.Outcome.LAST,
            limit),
        seed);
  }
}
