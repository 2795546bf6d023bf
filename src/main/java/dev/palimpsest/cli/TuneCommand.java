package dev.palimpsest.cli;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Interrupt;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains an adapter. */
@Command(name = "tune", description = "Train an adapter, or go on with a run.")
final class TuneCommand implements Runnable {
  @Option(names = "--model", description = "MODEL, as pull takes it")
  private @Nullable String model;

  @Option(names = "--data", description = "JSONL, Parquet or CSV")
  private @Nullable Path data;

  @Option(names = "--out", description = "the run's folder")
  private @Nullable Path out;

  @Option(names = "--resume", description = "go on with this run; nothing else is needed")
  private @Nullable Path resume;

  @Option(names = "--eval", description = "held-out data")
  private @Nullable Path eval;

  @Option(names = "--eval-fraction", defaultValue = "0", description = "share held out; default: 0")
  private double evalFraction;

  @Mixin private TuneOptions tuning = new TuneOptions();
  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private DataOptions options = new DataOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    Cancellation cancellation = new Cancellation();
    Interrupt.listen(
        cancellation, () -> System.err.println("\nstopping after this step; again to end at once"));
    Path run = run(resume == null ? out : resume);
    TuneJob job = resume == null ? job() : TuneJob.of(resume);
    Optional<Tuner.Result> ended = resume == null ? Optional.empty() : TuneJob.result(resume);
    Tuner.Result result = ended.orElseGet(() -> train(job, run, cancellation));
    TuneSummary summary = TuneSummary.of(run, result);
    output.print(summary, () -> summary.text());
  }

  private Tuner.Result train(TuneJob job, Path run, Cancellation cancellation) {
    Main.threads(job.threads());
    try (Progress progress = output.progress();
        LanguageModel loaded = ModelOptions.load(job.model(), job.precision(), progress)) {
      Tuner.Watch watch = new Tuner.Watch(progress, cancellation, System::nanoTime);
      return resume == null
          ? job.withModel(ModelOptions.lasting(job.model(), progress)).run(loaded, run, watch)
          : job.resume(loaded, run, watch);
    }
  }

  private static Path run(@Nullable Path folder) {
    if (folder == null) {
      throw new BadInput("tune: give --out RUN for a new run, or --resume RUN");
    }
    return folder;
  }

  private TuneJob job() {
    if (model == null || data == null) {
      throw new BadInput("tune: give --model and --data, or --resume RUN");
    }
    return new TuneJob(
        model,
        options.of(data),
        Optional.ofNullable(eval).map(Path::toAbsolutePath),
        evalFraction,
        tuning.replay(),
        tuning.lora(),
        tuning.settings(),
        models.precision(),
        models.threads());
  }
}
