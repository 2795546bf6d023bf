package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.LossLimit;
import dev.palimpsest.tune.Method;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a new run is asked for. */
final class TrainingOptions {
  @Option(names = "--model", description = "MODEL, as pull takes it")
  private @Nullable String model;

  @Option(names = "--data", description = "JSONL, Parquet or CSV")
  private @Nullable Path data;

  @Option(names = "--eval", description = "held-out data")
  private @Nullable Path eval;

  @Option(
      names = "--eval-fraction",
      defaultValue = "0",
      description = "share held out; default: ${DEFAULT-VALUE}")
  private double evalFraction;

  @Mixin private ReplayOptions replay = new ReplayOptions();
  @Mixin private HoldOptions hold = new HoldOptions();
  @Mixin private StopOptions stop = new StopOptions();
  @Mixin private MethodOptions method = new MethodOptions();
  @Mixin private TuneOptions tuning = new TuneOptions();
  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private DataOptions options = new DataOptions();

  /** A run. */
  TuneJob job() {
    return job(stop.limit());
  }

  /** A run whose losses are another's to limit. */
  TuneJob unlimited() {
    stop.requireNone();
    return job(Optional.empty());
  }

  /** Of an answer at most. */
  int maxTokens() {
    return stop.maxTokens();
  }

  private TuneJob job(Optional<LossLimit> limit) {
    if (model == null || data == null) {
      throw new BadInput("tune: give --model and --data, or --resume RUN");
    }
    Method chosen = method.method(Path.of(model));
    return new TuneJob(
        model,
        options.of(data),
        Optional.ofNullable(eval).map(Path::toAbsolutePath),
        evalFraction,
        replay.replay(),
        chosen,
        tuning.settings(chosen.usualRate(), limit),
        models.precision(chosen.precision()),
        models.threads(),
        hold.regularisers());
  }
}
