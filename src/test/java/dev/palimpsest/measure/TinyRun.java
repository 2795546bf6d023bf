package dev.palimpsest.measure;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Method;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.TuneSettings;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** A run of six steps over a tiny model, a checkpoint every two. */
final class TinyRun {
  static final Method LORA = new LowRank("lora", 4, 8, "all-linear");

  private TinyRun() {}

  static void train(LanguageModel model, Path data, double heldOut, Method method, Path run) {
    TuneSettings settings =
        new TuneSettings(
            4,
            1,
            2e-2,
            Schedule.CONSTANT,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.of(6), 1),
            new TuneSettings.Saving(2, 0, 0),
            1);
    TuneJob job =
        new TuneJob(
            "tiny",
            DataSpec.of(data),
            Optional.empty(),
            heldOut,
            Optional.empty(),
            method,
            settings,
            Precision.FP32,
            1);
    job.run(model, run, new Tuner.Watch(Progress.none(), new Cancellation(), () -> 0));
  }
}
