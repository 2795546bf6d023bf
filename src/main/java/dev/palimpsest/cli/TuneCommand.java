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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains an adapter, or a model's own weights. */
@Command(
    name = "tune",
    description = "Train an adapter or the model's own weights, or go on with a run.")
final class TuneCommand implements Runnable {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Option(names = "--out", description = "the run's folder")
  private @Nullable Path out;

  @Option(names = "--resume", description = "go on with this run; nothing else is needed")
  private @Nullable Path resume;

  @Mixin private TrainingOptions training = new TrainingOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    Cancellation cancellation = new Cancellation();
    Interrupt.listen(
        cancellation, () -> System.err.println("\nstopping after this step; again to end at once"));
    Path run = resume == null ? out : resume;
    if (run == null) {
      throw new BadInput("tune: give --out RUN for a new run, or --resume RUN");
    }
    if (resume != null) {
      Resumed.requireAlone(spec.commandLine().getParseResult());
    }
    TuneJob job = resume == null ? training.job() : TuneJob.of(run);
    Optional<Tuner.Result> ended = resume == null ? Optional.empty() : TuneJob.result(run);
    TuneSummary summary = TuneSummary.of(run, ended.orElseGet(() -> train(job, run, cancellation)));
    output.print(summary, summary::text);
  }

  private Tuner.Result train(TuneJob job, Path run, Cancellation cancellation) {
    Main.threads(job.threads());
    try (Progress progress = output.progress();
        LanguageModel loaded = job.load(Places.store(progress).locate(job.model()))) {
      Tuner.Watch watch = new Tuner.Watch(progress, cancellation, System::nanoTime);
      return resume == null
          ? job.withModel(Places.store(progress).lasting(job.model())).run(loaded, run, watch)
          : job.resume(loaded, run, watch);
    }
  }
}
