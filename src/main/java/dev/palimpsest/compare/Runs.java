package dev.palimpsest.compare;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.BaseReplay;
import dev.palimpsest.measure.RetentionCheck;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.tune.Teacher;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Runs of a larger undertaking: those that are finished stand, those that were cut off go on.
 *
 * @param cache of texts that the model writes, and of measurements
 */
record Runs(Path cache, Tuner.Watch watch) {
  /**
   * What a run comes to.
   *
   * @throws BadInput if a run of another job is there
   * @throws EnvironmentFailure if the user stopped it; the same call goes on
   */
  Tuner.Result train(String name, TuneJob job, LanguageModel loaded, Path run) {
    TuneJob whole = BaseReplay.written(job, loaded, cache.resolve("replay"));
    Tuner.Result result;
    if (!Files.exists(run)) {
      result = whole.run(loaded, run, watching(whole, loaded));
    } else if (!TuneJob.of(run).equals(whole)) {
      throw new BadInput(
          run
              + ": this run is of another plan, or the model wrote its texts under another build:"
              + " remove it, or give another --out");
    } else {
      result =
          TuneJob.result(run).orElseGet(() -> whole.resume(loaded, run, watching(whole, loaded)));
    }
    if (!result.finished()) {
      throw stopped("in " + name);
    }
    return result;
  }

  private Tuner.Watch watching(TuneJob job, LanguageModel loaded) {
    return RetentionCheck.watching(job, loaded, cache, watch);
  }

  /** The same with a model to learn from. */
  Runs under(Teacher teacher) {
    return new Runs(cache, watch.under(teacher));
  }

  /** Fails if the user has asked to stop. */
  void goOn(String next) {
    if (watch.cancellation().requested()) {
      throw stopped("before " + next);
    }
  }

  private static EnvironmentFailure stopped(String where) {
    return new EnvironmentFailure(
        "stopped " + where + ": what is done is kept, the same call goes on");
  }
}
