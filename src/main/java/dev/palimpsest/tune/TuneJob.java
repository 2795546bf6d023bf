package dev.palimpsest.tune;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.data.Example;
import dev.palimpsest.data.Mixing;
import dev.palimpsest.data.Source;
import dev.palimpsest.data.Subset;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Build;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Memory;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tensor.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntSupplier;
import tools.jackson.databind.JsonNode;

/**
 * A training run as a user asks for it: all that {@code run.json} must hold for the run to be
 * resumed, or made again.
 *
 * @param model as the user names it
 * @param data what is trained on
 * @param eval held-out data
 * @param evalFraction share of the data that is held out where {@code eval} is not given; 0 for
 *     none
 * @param replay what is mixed in against forgetting
 * @param method what trains
 * @param settings of the loop
 * @param precision of the products
 * @param threads of one operation; the bits hang on it
 */
public record TuneJob(
    String model,
    DataSpec data,
    Optional<Path> eval,
    double evalFraction,
    Optional<Replay> replay,
    Method method,
    TuneSettings settings,
    Precision precision,
    int threads) {

  /**
   * Old text among the new.
   *
   * @param file of any shape that training data has
   * @param percent of an epoch's items
   */
  public record Replay(Path file, double percent) {
    /** Checks the share. */
    public Replay {
      if (!(percent >= 0 && percent <= 100)) {
        throw new BadInput("--replay " + file + ":" + percent + "%: give 0 to 100 %");
      }
    }
  }

  /** Checks the share and the length. */
  public TuneJob {
    if (!(evalFraction >= 0 && evalFraction < 1)) {
      throw new BadInput("--eval-fraction " + evalFraction + ": give 0 or more and less than 1");
    }
    settings
        .length()
        .steps()
        .ifPresentOrElse(
            steps -> requirePositive("--steps", steps),
            () -> requirePositive("--epochs", settings.length().epochs()));
    requireNotNegative("--checkpoint-every", settings.saving().checkpointEvery());
    requireNotNegative("--keep", settings.saving().keep());
    requireNotNegative("--eval-every", settings.saving().evaluateEvery());
    if (settings.saving().outcome() == TuneSettings.Outcome.BEST
        && (settings.saving().evaluateEvery() == 0 || (eval.isEmpty() && evalFraction == 0))) {
      throw new BadInput(
          "--keep-best: the best is by held-out loss: give --eval-every, and --eval or --eval-fraction");
    }
  }

  private static void requirePositive(String option, int value) {
    if (value < 1) {
      throw new BadInput(option + " " + value + ": give 1 or more");
    }
  }

  private static void requireNotNegative(String option, int value) {
    if (value < 0) {
      throw new BadInput(option + " " + value + ": give 0 or more");
    }
  }

  /** The same job under another name of the model. */
  public TuneJob withModel(String name) {
    return new TuneJob(
        name, data, eval, evalFraction, replay, method, settings, precision, threads);
  }

  /**
   * Loads the job's model.
   *
   * @param located its folder or file
   * @throws dev.palimpsest.run.EnvironmentFailure if the run would not fit into the machine's
   *     memory; nothing of the model has been read then
   */
  public LanguageModel load(Path located) {
    return LanguageModel.load(
        located,
        precision,
        Device.best(),
        base -> requireMemory(base.config(), () -> longest(base), Memory.machineBytes()));
  }

  /**
   * Refuses a run that would not fit.
   *
   * @param longest rows of the longest pass; asked for only where a row as long as may be would not
   *     fit, since the data has to be opened for it
   */
  void requireMemory(ModelConfig config, IntSupplier longest, long machineBytes) {
    int most = Math.max(Tuner.ROWS, data.encoding(config.context()).limit());
    Footprint base = new Footprint(config, precision);
    if (machineBytes == 0 || method.peakBytes(base, settings, most) <= machineBytes) {
      return;
    }
    int rows = Math.max(Tuner.ROWS, longest.getAsInt());
    Footprint.requireMemory(
        "--method %s over %s, in %s with --optimizer %s and rows of up to %d tokens,"
            .formatted(
                method.method(), model, Footprint.word(precision), settings.optimizer(), rows),
        machineBytes,
        method.peakBytes(base, settings, rows),
        others(config, rows));
  }

  private Map<String, Long> others(ModelConfig config, int rows) {
    Map<String, Long> others =
        Footprint.byPrecision(
            method.precisions(),
            each -> method.peakBytes(new Footprint(config, each), settings, rows));
    for (String each : Optimizer.NAMES) {
      others.put(
          "--optimizer " + each,
          method.peakBytes(new Footprint(config, precision), settings.withOptimizer(each), rows));
    }
    if (method instanceof Full) {
      Footprint base = new Footprint(config, precision);
      others.put(
          "--method lora",
          LowRank.of("lora", 16, OptionalDouble.empty(), "all-linear")
              .peakBytes(base, settings, rows));
    }
    return others;
  }

  /** Rows of the longest pass that the data makes, about. */
  private int longest(Checkpoint base) {
    Encoder.Options options = data.encoding(base.config().context() - method.virtualTokens());
    Encoder encoder = new Encoder(base.tokenizer(), base.chatTemplate(), options);
    int own = longest(data, encoder);
    return replay
        .map(old -> Math.max(own, longest(data.withFile(old.file()), encoder)))
        .orElse(own);
  }

  private static int longest(DataSpec spec, Encoder encoder) {
    try (Dataset rows = spec.rows()) {
      return encoder.example(rows.sample(rows.longest())).length();
    }
  }

  /**
   * Trains into a new run folder, which appears once the data has been looked through.
   *
   * @param loaded the model, in the job's precision
   */
  public Tuner.Result run(LanguageModel loaded, Path out, Tuner.Watch watch) {
    RunFolder.requireAbsent(out);
    try (Dataset rows = data.rows()) {
      return run(loaded, rows, out, watch);
    }
  }

  private Tuner.Result run(LanguageModel loaded, Dataset rows, Path out, Tuner.Watch watch) {
    try (Prepared prepared = prepare(loaded, rows)) {
      Tuner tuner = tuner(loaded, watch); // before the folder: it may refuse the targets
      try (RunFolder folder = RunFolder.create(out, about(loaded, rows))) {
        return train(tuner, prepared, folder);
      }
    }
  }

  /**
   * What the run would take on this machine; nothing is written.
   *
   * @param loaded the model, in the job's precision
   */
  public Estimate estimate(LanguageModel loaded, Tuner.Watch watch) {
    try (Dataset rows = data.rows();
        Prepared prepared = prepare(loaded, rows)) {
      return new Estimator(settings, method.over(loaded, model), watch)
          .estimate(prepared.train, prepared.heldOut);
    }
  }

  /** Goes on with a run of this job from its newest checkpoint. */
  public Tuner.Result resume(LanguageModel loaded, Path run, Tuner.Watch watch) {
    try (RunFolder folder = RunFolder.open(run);
        Dataset rows = data.rows()) {
      requireUnchanged(run, loaded, rows);
      try (Prepared prepared = prepare(loaded, rows)) {
        return train(tuner(loaded, watch), prepared, folder);
      }
    }
  }

  /**
   * Runs the job that a run records again, into a folder of its own.
   *
   * @param record the run that holds this job
   * @throws BadInput if the base or the data is not what that run began with
   */
  public Tuner.Result again(LanguageModel loaded, Path record, Path out, Tuner.Watch watch) {
    try (Dataset rows = data.rows()) {
      requireUnchanged(record, loaded, rows);
      RunFolder.requireAbsent(out);
      return run(loaded, rows, out, watch);
    }
  }

  private void requireUnchanged(Path run, LanguageModel loaded, Dataset rows) {
    JsonNode about = RunFolder.about(run);
    requireSame(run, about.path("base").asString(""), loaded.fingerprint(), model);
    String then = about.path("data").asString("");
    requireSame(run, then, rows.fingerprint().samples(), data.file().toString());
  }

  /** The job that a run folder records. */
  public static TuneJob of(Path run) {
    return Json.mapper().treeToValue(RunFolder.about(run).path("job"), TuneJob.class);
  }

  /** What a finished run ended with. */
  public static Optional<Tuner.Result> result(Path run) {
    return RunFolder.result(run).map(node -> Json.mapper().treeToValue(node, Tuner.Result.class));
  }

  private Tuner tuner(LanguageModel loaded, Tuner.Watch watch) {
    return new Tuner(settings, method.over(loaded, model), watch);
  }

  private static Tuner.Result train(Tuner tuner, Prepared prepared, RunFolder folder) {
    Tuner.Result result = tuner.train(prepared.train, prepared.heldOut, folder);
    if (result.finished()) {
      folder.finish(result);
    }
    return result;
  }

  /** What is trained on; old rows among it are read from their file until this is closed. */
  private record Prepared(Source train, List<Example> heldOut, Optional<Dataset> replayed)
      implements AutoCloseable {
    Prepared(Source train, List<Example> heldOut) {
      this(train, heldOut, Optional.empty());
    }

    @Override
    public void close() {
      replayed.ifPresent(Dataset::close);
    }
  }

  private Prepared prepare(LanguageModel loaded, Dataset rows) {
    Prepared task = prepareTask(loaded, rows);
    if (replay.isEmpty()) {
      return task;
    }
    DataSpec spec = data.withFile(replay.get().file());
    Encoder encoder = loaded.encoder(spec.encoding(context(loaded)));
    Dataset old = spec.rows();
    try {
      encoder.admit(old);
      double percent = replay.get().percent();
      Source mix = Mixing.byItems(task.train, Source.of(old, encoder), percent, settings.seed());
      return new Prepared(mix, task.heldOut, Optional.of(old));
    } catch (RuntimeException e) {
      old.close();
      throw e;
    }
  }

  private Prepared prepareTask(LanguageModel loaded, Dataset rows) {
    Encoder encoder = loaded.encoder(data.encoding(context(loaded)));
    encoder.admit(rows);
    Source all = Source.of(rows, encoder);
    if (eval.isPresent()) {
      DataSpec spec = data.withFile(eval.get());
      try (Dataset held = spec.rows()) {
        encoder.admit(held);
        return new Prepared(all, examples(Source.of(held, encoder)));
      }
    }
    if (evalFraction == 0) {
      return new Prepared(all, List.of());
    }
    Subset.Halves halves = Subset.split(all, evalFraction, settings.seed());
    int left = halves.train().size();
    if (left < Math.min(all.size(), settings.batch())) {
      throw new BadInput(
          "--eval-fraction %s leaves %d of %d rows to train on, fewer than one --batch of %d: hold out less"
              .formatted(evalFraction, left, all.size(), settings.batch()));
    }
    return new Prepared(halves.train(), examples(halves.heldOut()));
  }

  private int context(LanguageModel loaded) {
    return loaded.decoder().config().context() - method.virtualTokens();
  }

  private static List<Example> examples(Source source) {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < source.size(); i++) {
      examples.addAll(source.at(i, 0));
    }
    return examples;
  }

  private Map<String, Object> about(LanguageModel loaded, Dataset rows) {
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("job", this);
    about.put("base", loaded.fingerprint());
    about.put("data", rows.fingerprint().samples());
    about.put("rows", rows.size());
    about.put("palimpsest", Build.version());
    about.put("java", Runtime.version().toString());
    about.put("machine", System.getProperty("os.arch") + " " + System.getProperty("os.name"));
    return about;
  }

  private static void requireSame(Path run, String then, String now, String name) {
    if (!then.equals(now)) {
      throw new BadInput(
          run
              + ": "
              + name
              + " is not what the run began with: its fingerprint is "
              + now
              + ", run.json has "
              + then);
    }
  }
}
