package dev.palimpsest.cli;

import dev.palimpsest.compare.Bakeoff;
import dev.palimpsest.compare.Search;
import dev.palimpsest.compare.SearchJson;
import dev.palimpsest.compare.SearchResult;
import dev.palimpsest.compare.SearchText;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.BaseReplay;
import dev.palimpsest.measure.RetentionCheck;
import dev.palimpsest.report.SearchReport;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Interrupt;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** Trains an adapter, or a model's own weights. */
@Command(
    name = "tune",
    description = "Train an adapter or the model's own weights, or go on with a run.",
    defaultValueProvider = ConfigFile.class)
final class TuneCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Mixin private RunOptions run = new RunOptions();
  @Mixin private Output output = new Output();

  @Override
  public Integer call() {
    Cancellation cancellation = new Cancellation();
    Interrupt.listen(
        cancellation, () -> System.err.println("\nstopping after this step; again to end at once"));
    ParseResult said = spec.commandLine().getParseResult();
    Optional<RunOptions.Searched> search = run.search(said);
    if (search.isPresent()) {
      return search(search.get(), cancellation);
    }
    RunOptions.Asked asked = run.asked(said);
    Tuner.Result result = asked.ended().orElseGet(() -> train(asked, cancellation));
    TuneSummary summary = TuneSummary.of(asked.run(), result);
    output.print(summary, summary::text);
    return summary.learned() || !result.finished() ? 0 : Failures.WORK;
  }

  private int search(RunOptions.Searched asked, Cancellation cancellation) {
    TuneJob job = asked.plan().job();
    Main.threads(job.threads());
    try (Progress progress = output.progress();
        LanguageModel loaded = job.load(Places.store(progress).locate(job.model()))) {
      SearchResult result =
          new Search(
                  asked.plan().withModel(Places.store(progress).lasting(job.model())),
                  new Bakeoff.Settings(asked.folder(), Places.baselines(), Places.cache()),
                  loaded,
                  new Tuner.Watch(progress, cancellation, System::nanoTime))
              .run();
      SearchReport.write(asked.folder().resolve("search.html"), asked.folder());
      output.print(SearchJson.of(result), () -> SearchText.of(result));
      return result.chosen().isPresent() ? 0 : Failures.WORK;
    }
  }

  private Tuner.Result train(RunOptions.Asked asked, Cancellation cancellation) {
    TuneJob job = asked.job();
    Main.threads(job.threads());
    try (Progress progress = output.progress();
        LanguageModel loaded = job.load(Places.store(progress).locate(job.model()))) {
      Tuner.Watch watch = new Tuner.Watch(progress, cancellation, System::nanoTime);
      TuneJob lasting =
          BaseReplay.written(job, loaded, Places.replay())
              .withModel(Places.store(progress).lasting(job.model()));
      return asked
          .work()
          .train(lasting, loaded, RetentionCheck.watching(lasting, loaded, Places.cache(), watch));
    }
  }
}
