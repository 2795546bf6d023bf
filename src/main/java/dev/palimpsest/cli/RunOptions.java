package dev.palimpsest.cli;

import dev.palimpsest.compare.SearchFolder;
import dev.palimpsest.compare.SearchPlan;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** Which run: a new one, one that goes on, or one that is made again. */
final class RunOptions {
  @Option(names = "--out", description = "the run's folder")
  private @Nullable Path out;

  @Option(names = "--resume", description = "go on with this run; nothing else is needed")
  private @Nullable Path resume;

  @Option(
      names = "--config",
      description = "YAML or JSON with a key for each long option, or a run.json to run again")
  private @Nullable Path config;

  @Mixin private TrainingOptions training = new TrainingOptions();
  @Mixin private KeepOptions keep = new KeepOptions();

  /**
   * A run to be trained.
   *
   * @param ended what it came to, if it is finished
   */
  record Asked(TuneJob job, Path run, Optional<Tuner.Result> ended, Work work) {}

  /** How a run is trained. */
  @FunctionalInterface
  interface Work {
    Tuner.Result train(TuneJob job, LanguageModel loaded, Tuner.Watch watch);
  }

  /**
   * A search for the setting that loses little enough, and its folder.
   *
   * @param plan with the run that it begins with
   */
  record Searched(SearchPlan plan, Path folder) {}

  /** The search that is asked for, or gone on with, if one is. */
  Optional<Searched> search(ParseResult call) {
    if (resume != null) {
      Resumed.requireAlone(call, List.of("--resume"));
      Path folder = resume;
      return SearchFolder.plan(folder).map(plan -> new Searched(plan, folder));
    }
    if (!keep.asked() || out == null) {
      return Optional.empty();
    }
    Path folder = out;
    return Optional.of(
        new Searched(keep.around(training.unlimited(), training.maxTokens()), folder));
  }

  Asked asked(ParseResult call) {
    if (resume != null) {
      Resumed.requireAlone(call, List.of("--resume"));
      Path run = resume;
      return new Asked(
          TuneJob.of(run),
          run,
          TuneJob.result(run),
          (job, loaded, watch) -> job.resume(loaded, run, watch));
    }
    if (out == null) {
      throw new BadInput("tune: give --out RUN for a new run, or --resume RUN");
    }
    Path run = out;
    Optional<Path> record = Optional.ofNullable(config).flatMap(ConfigFile::run);
    if (record.isPresent()) {
      Resumed.requireAlone(call, List.of("--config", "--out"));
      return new Asked(
          TuneJob.of(record.get()),
          run,
          Optional.empty(),
          (job, loaded, watch) -> job.again(loaded, record.get(), run, watch));
    }
    return new Asked(
        training.job(), run, Optional.empty(), (job, loaded, watch) -> job.run(loaded, run, watch));
  }
}
