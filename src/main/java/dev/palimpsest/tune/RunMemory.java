package dev.palimpsest.tune;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.IntSupplier;

/** Whether a run fits into the machine's memory, told before any weight is read. */
record RunMemory(TuneJob job) {
  /**
   * Refuses a run that would not fit.
   *
   * @param base opened, nothing of its weights read
   */
  void require(Checkpoint base, long machineBytes) {
    require(base.config(), () -> longest(base), machineBytes);
  }

  /**
   * Refuses a run that would not fit.
   *
   * @param longest rows of the longest pass; asked for only where a row as long as may be would not
   *     fit, since the data has to be opened for it
   */
  void require(ModelConfig config, IntSupplier longest, long machineBytes) {
    Footprint base = new Footprint(config, job.precision());
    int most = Math.max(base.passRows(), job.data().encoding(config.context()).limit());
    if (machineBytes == 0 || job.peakBytes(base, job.settings(), most) <= machineBytes) {
      return;
    }
    int rows = Math.max(base.passRows(), longest.getAsInt());
    Footprint.requireMemory(
        "--method %s over %s, in %s with --optimizer %s and rows of up to %d tokens,"
            .formatted(
                job.method().method(),
                job.model(),
                Footprint.word(job.precision()),
                job.settings().optimizer(),
                rows),
        machineBytes,
        job.peakBytes(base, job.settings(), rows),
        others(config, rows));
  }

  private Map<String, Long> others(ModelConfig config, int rows) {
    Map<String, Long> others =
        Footprint.byPrecision(
            job.method().precisions(),
            each -> job.peakBytes(new Footprint(config, each), job.settings(), rows));
    for (String each : Optimizer.NAMES) {
      others.put(
          "--optimizer " + each,
          job.peakBytes(
              new Footprint(config, job.precision()), job.settings().withOptimizer(each), rows));
    }
    if (job.method() instanceof Full) {
      Footprint base = new Footprint(config, job.precision());
      others.put(
          "--method lora",
          LowRank.of("lora", 16, OptionalDouble.empty(), "all-linear")
              .peakBytes(base, job.settings(), rows));
    }
    return others;
  }

  /** Rows of the longest pass that the data makes, about. */
  private int longest(Checkpoint base) {
    int context = base.config().context() - job.method().virtualTokens();
    Encoder encoder =
        new Encoder(base.tokenizer(), base.chatTemplate(), job.data().encoding(context));
    int own = longest(job.data(), encoder, context);
    return job.replay()
        .filter(old -> !old.ofBase()) // whose texts are short
        .map(old -> Math.max(own, longest(job.data().withFile(old.file()), encoder, context)))
        .orElse(own);
  }

  private static int longest(DataSpec spec, Encoder encoder, int context) {
    try (Dataset rows = spec.rows()) {
      return rows.onlyTexts()
          ? spec.window(context)
          : encoder.example(rows.sample(rows.longest())).length();
    }
  }
}
