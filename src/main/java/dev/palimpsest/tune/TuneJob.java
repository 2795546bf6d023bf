package dev.palimpsest.tune;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Example;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Memory;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

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
 * @param regularisers what holds the parameters back
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
    int threads,
    Regularisers regularisers) {
  /**
   * Old text among the new.
   *
   * @param file of any shape that training data has
   * @param percent of an epoch's items
   * @param loss along it
   */
  public record Replay(Path file, double percent, Loss loss) {
    /** What is made small along old text. */
    public enum Loss {
      /** −log p of its tokens, as of the task's. */
      CE,
      /** KL(base‖tuned) at each of them. */
      KL
    }

    /** Old text that is learned as the task is. */
    public Replay(Path file, double percent) {
      this(file, percent, Loss.CE);
    }

    /** The same share of another file. */
    public Replay withFile(Path other) {
      return new Replay(other, percent, loss);
    }

    /** Stands for texts that the model itself writes before the run. */
    public static final Path OF_BASE = Path.of("base");

    /** Whether the model is still to write the texts. */
    @JsonIgnore
    public boolean ofBase() {
      return file.equals(OF_BASE);
    }

    /** Checks the share. */
    public Replay {
      loss = Objects.requireNonNullElse(loss, Loss.CE); // runs of old have none
      if (!(percent >= 0 && percent <= 100)) {
        throw new BadInput("--replay " + file + ":" + percent + "%: give 0 to 100 %");
      }
    }
  }

  /** A job that nothing holds back. */
  public TuneJob(
      String model,
      DataSpec data,
      Optional<Path> eval,
      double evalFraction,
      Optional<Replay> replay,
      Method method,
      TuneSettings settings,
      Precision precision,
      int threads) {
    this(
        model,
        data,
        eval,
        evalFraction,
        replay,
        method,
        settings,
        precision,
        threads,
        Regularisers.NONE);
  }

  /** Checks the share and the length. */
  public TuneJob {
    regularisers = Objects.requireNonNullElse(regularisers, Regularisers.NONE); // runs of old
    regularisers.require(method);
    if (method instanceof Full && alongBase(replay)) {
      throw new BadInput(
          "--replay-loss kl beside --method "
              + method.method()
              + ": the base is needed as it was, which only an adapter leaves it");
    }
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
    requireNotNegative("--keep-checkpoints", settings.saving().keep());
    requireNotNegative("--eval-every", settings.saving().evaluateEvery());
    if (settings.saving().outcome() == TuneSettings.Outcome.BEST
        && (settings.saving().evaluateEvery() == 0 || (eval.isEmpty() && evalFraction == 0))) {
      throw new BadInput(
          "--keep-best: the best is by held-out loss: give --eval-every, and --eval or"
              + " --eval-fraction");
    }
    if (settings.saving().limit().isPresent() && settings.saving().evaluateEvery() == 0) {
      throw new BadInput("--stop-if-lost: how often is it looked at? give --eval-every STEPS");
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

  /** The same job with other old text. */
  public TuneJob withReplay(Replay other) {
    return new TuneJob(
        model,
        data,
        eval,
        evalFraction,
        Optional.of(other),
        method,
        settings,
        precision,
        threads,
        regularisers);
  }

  /** The same job, held back otherwise. */
  public TuneJob withRegularisers(Regularisers others) {
    return new TuneJob(
        model, data, eval, evalFraction, replay, method, settings, precision, threads, others);
  }

  /** The same job with another peak rate. */
  public TuneJob withRate(double rate) {
    return new TuneJob(
        model,
        data,
        eval,
        evalFraction,
        replay,
        method,
        settings.withRate(rate),
        precision,
        threads,
        regularisers);
  }

  /** The held-out examples; none, if nothing is held out. */
  public List<Example> heldOut(LanguageModel loaded) {
    try (Dataset rows = data.rows()) {
      return new TrainingData(this, loaded).task(rows).heldOut();
    }
  }

  /** The same job under another name of the model. */
  public TuneJob withModel(String name) {
    return new TuneJob(
        name, data, eval, evalFraction, replay, method, settings, precision, threads, regularisers);
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
        base -> new RunMemory(this).require(base, Memory.machineBytes()));
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
    try (TrainingData.Prepared prepared = new TrainingData(this, loaded).with(rows)) {
      Method.Start start = start(loaded); // before the folder: it may refuse
      fisherData(loaded);
      try (RunFolder folder =
          RunFolder.create(out, new RunRecord(this, loaded, rows).about(watch))) {
        return train(loaded, start, prepared, folder, watch);
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
        TrainingData.Prepared prepared = new TrainingData(this, loaded).with(rows)) {
      Optional<FisherData> fisher = fisherData(loaded);
      Goal goal = goal(loaded, watch, () -> fisher.orElseThrow().standIn());
      Estimate training =
          new Estimator(settings, start(loaded), goal, watch)
              .estimate(prepared.train(), prepared.heldOut());
      return fisher.map(each -> training.after(each.seconds(watch.nanoTime()))).orElse(training);
    }
  }

  /** Goes on with a run of this job from its newest checkpoint. */
  public Tuner.Result resume(LanguageModel loaded, Path run, Tuner.Watch watch) {
    try (RunFolder folder = RunFolder.open(run);
        Dataset rows = data.rows()) {
      new RunRecord(this, loaded, rows).require(run, watch);
      try (TrainingData.Prepared prepared = new TrainingData(this, loaded).with(rows)) {
        return train(loaded, start(loaded), prepared, folder, watch);
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
      new RunRecord(this, loaded, rows).require(record, watch);
      RunFolder.requireAbsent(out);
      return run(loaded, rows, out, watch);
    }
  }

  /**
   * The examples that a run of this job learns in an epoch, under their rows' ids; what is replayed
   * is left out. A text that windows divide has an example for each.
   *
   * @throws BadInput if the base or the data is not what the run began with
   */
  public List<Example> learned(LanguageModel loaded, Path run) {
    try (Dataset rows = data.rows()) {
      new RunRecord(this, loaded, rows).requireInputs(run);
      return TrainingData.examples(new TrainingData(this, loaded).task(rows).train());
    }
  }

  /** The job that a run folder records. */
  public static TuneJob of(Path run) {
    return Json.mapper().treeToValue(RunFolder.about(run).path("job"), TuneJob.class);
  }

  /**
   * The job that a run records, on another base.
   *
   * @param threads of this machine; the bits hang on it
   * @throws BadInput if the data is not what the run began with, or the run began with an adapter
   *     of its own base
   */
  public static TuneJob onto(String model, Path run, int threads) {
    TuneJob job = of(run);
    if (job.method.earlier().isPresent() || job.regularisers.orthogonal().isPresent()) {
      throw new BadInput(
          run
              + ": it was trained from, over or beside an adapter of the old base (--from, --over,"
              + " --orthogonal-to), which is none of the new one");
    }
    try (Dataset rows = job.data.rows()) {
      RunRecord.requireData(run, job, rows);
    }
    return new TuneJob(
        model,
        job.data,
        job.eval,
        job.evalFraction,
        job.replay,
        job.method,
        job.settings,
        job.precision,
        threads,
        job.regularisers);
  }

  /** What a finished run ended with. */
  public static Optional<Tuner.Result> result(Path run) {
    return RunFolder.result(run).map(node -> Json.mapper().treeToValue(node, Tuner.Result.class));
  }

  /** Under one seed an adapter would begin in the directions that an earlier one began in. */
  private Method.Start start(LanguageModel loaded) {
    Method.Start own = method.over(loaded, model);
    return regularisers
        .orthogonal()
        .<Method.Start>map(
            earlier -> {
              earlier.require(method, loaded);
              return seeds -> own.begin(new Seeds(seeds.seed(earlier.key())));
            })
        .orElse(own);
  }

  /** What the run makes small. */
  private Goal goal(LanguageModel loaded, Tuner.Watch watch, Supplier<Fisher> fisher) {
    Objective learned =
        watch
            .teacher()
            .<Objective>map(teacher -> KlTo.teacher(teacher.decoder()))
            .orElseGet(CrossEntropy::new);
    return new Goal(
        alongBase(replay) ? new ByOrigin(learned, KlTo.base()) : learned,
        regularisers.terms(loaded, fisher));
  }

  private Optional<FisherData> fisherData(LanguageModel loaded) {
    return regularisers.ewc().map(ewc -> new FisherData(loaded, method, data.withFile(ewc.data())));
  }

  /**
   * The most bytes that the run takes.
   *
   * @param base in the precision asked about
   * @param tuning settings asked about
   * @param rows of the longest pass
   */
  long peakBytes(Footprint base, TuneSettings tuning, int rows) {
    return Math.max(
        method.peakBytes(base, tuning, rows) + regularisers.bytes(method, base),
        regularisers.measuringBytes(method, base, rows));
  }

  /**
   * The least that the peak can be, in bytes: of the shortest passes.
   *
   * @param base the model's shape
   */
  public long leastPeakBytes(ModelConfig base) {
    Footprint footprint = new Footprint(base, precision);
    return peakBytes(footprint, settings, footprint.passRows());
  }

  private static boolean alongBase(Optional<Replay> replay) {
    return replay.filter(old -> old.loss() == Replay.Loss.KL).isPresent();
  }

  private Tuner.Result train(
      LanguageModel loaded,
      Method.Start start,
      TrainingData.Prepared prepared,
      RunFolder folder,
      Tuner.Watch watch) {
    Goal goal =
        goal(loaded, watch, () -> fisherData(loaded).orElseThrow().in(folder, watch.progress()));
    Tuner.Result result =
        new Tuner(settings, start, goal, watch).train(prepared.train(), prepared.heldOut(), folder);
    if (result.finished()) {
      folder.finish(result);
    }
    return result;
  }
}
