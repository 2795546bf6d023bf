package dev.palimpsest.cli;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.Estimate;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What training would cost. */
@Command(
    name = "estimate",
    description = "Tokens, operations, time, memory and money of a tune call, from a short probe.")
final class EstimateCommand implements Runnable {
  @Option(names = "--price", description = "of an hour of this machine, in any currency")
  private @Nullable Double price;

  @Mixin private TrainingOptions training = new TrainingOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    TuneJob job = training.job();
    try (Progress progress = output.progress();
        LanguageModel loaded = job.load(Places.store(progress).locate(job.model()))) {
      Estimate estimate =
          job.estimate(loaded, new Tuner.Watch(progress, new Cancellation(), System::nanoTime));
      EstimateSummary summary = EstimateSummary.of(estimate, price);
      output.print(summary, summary::text);
    }
  }
}
