package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.data.Order;
import dev.palimpsest.data.Source;
import dev.palimpsest.generate.Scorer;
import dev.palimpsest.model.Safetensors;
import dev.palimpsest.model.SafetensorsWriter;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Memory;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * The one training loop. Methods and objectives differ in what they pass in. A step's examples hang
 * on the seed and the step's number alone, so a run that goes on from a checkpoint gives the same
 * bits as one that was never stopped.
 */
public final class Tuner {
  static final String STATE = "state.safetensors";

  private final TuneSettings settings;
  private final Method.Start start;
  private final Goal goal;
  private final Progress progress;
  private final Cancellation cancellation;
  private final LongSupplier nanoTime;
  private final Optional<LossWatch> losses;

  /**
   * A loop that makes every label likely.
   *
   * @param start what trains
   */
  public Tuner(TuneSettings settings, Method.Start start, Watch watch) {
    this(settings, start, new Goal(new CrossEntropy()), watch);
  }

  /** A loop that makes something else small. */
  Tuner(TuneSettings settings, Method.Start start, Goal goal, Watch watch) {
    this.settings = settings;
    this.start = start;
    this.goal = goal;
    this.progress = watch.progress;
    this.cancellation = watch.cancellation;
    this.nanoTime = watch.nanoTime;
    this.losses =
        settings.saving().limit().map(limit -> new LossWatch(limit, watch.losses.orElseThrow()));
  }

  /**
   * Who watches a run.
   *
   * @param cancellation looked at before each step
   * @param nanoTime the clock
   * @param losses asked at each evaluation, where the settings have a limit on them
   * @param teacher learned from in the place of labels
   */
  public record Watch(
      Progress progress,
      Cancellation cancellation,
      LongSupplier nanoTime,
      Optional<LossCheck> losses,
      Optional<Teacher> teacher) {
    /** Who watches a run that may lose whatever it does. */
    public Watch(Progress progress, Cancellation cancellation, LongSupplier nanoTime) {
      this(progress, cancellation, nanoTime, Optional.empty(), Optional.empty());
    }

    /** The same, told of losses. */
    public Watch with(LossCheck check) {
      return new Watch(progress, cancellation, nanoTime, Optional.of(check), teacher);
    }

    /** The same, with a model to learn from. */
    public Watch under(Teacher other) {
      return new Watch(progress, cancellation, nanoTime, losses, Optional.of(other));
    }
  }

  /**
   * What a run came to.
   *
   * @param steps of the whole run, before a resume too
   * @param trainedTokens that went through the backward pass, in the whole run
   * @param labelTokens among them
   * @param seconds of this process's steps
   * @param tokensPerSecond of this process
   * @param trainLoss of the last step
   * @param evalLoss held-out nats a token after the last step, if there is a held-out set
   * @param peakRssBytes of this process
   * @param finished false if the user stopped it; it can go on by {@code --resume}
   * @param bestStep whose outcome was written, where {@code --keep-best} or a limit on losses was
   *     asked for; 0 for what the run began with
   * @param bestEvalLoss held-out nats a token after that step
   * @param gemmPeakShare operations a second of this process's steps, as a share of what the
   *     machine's matrix product reaches at the model's shapes
   * @param retention what was lost, where there is a limit on it and the run is finished
   */
  public record Result(
      long steps,
      long trainedTokens,
      long labelTokens,
      double seconds,
      double tokensPerSecond,
      double trainLoss,
      OptionalDouble evalLoss,
      long peakRssBytes,
      boolean finished,
      OptionalLong bestStep,
      OptionalDouble bestEvalLoss,
      OptionalDouble gemmPeakShare,
      Optional<Retention> retention) {}

  /** Steps of a run over such data. */
  public static long totalSteps(TuneSettings settings, Source data) {
    int perEpoch = Math.ceilDiv(data.size(), settings.perStep());
    return settings.length().steps().isPresent()
        ? settings.length().steps().getAsInt()
        : (long) settings.length().epochs() * perEpoch;
  }

  /**
   * Trains from the newest checkpoint in the folder, or from the start, and writes the outcome.
   *
   * @param heldOut examples whose loss is measured on the way and at the end; may be empty
   * @param run open, locked; this loop logs to it but leaves it open
   * @throws Diverged if the loss leaves the finite numbers, or explodes: {@value Tally#EXPLODED}
   *     steps in a row are more than {@value Tally#MARGIN} nats above the average before
   */
  public Result train(Source data, List<Example> heldOut, RunFolder run) {
    Seeds seeds = new Seeds(settings.seed());
    long total = totalSteps(settings, data);
    try (Trained trained = start.begin(seeds);
        Training training =
            new Training(settings, goal, trained, Training.Extent.of(total, trained))) {
      Tally tally = restore(run, training);
      Order order = new Order(seeds.seed("order"), data.size());
      Pace pace = new Pace(nanoTime, trained);
      Look look = Look.NONE;
      while (tally.step() < total && !look.stop && !cancellation.requested()) {
        List<Example> examples = order.examples(data, tally.step(), settings.perStep());
        Training.StepResult result = step(run, training, tally, examples);
        tally.add(result);
        pace.add(examples);
        look = look(heldOut, trained, tally, tally.step() == total);
        boolean best = takes(tally, look);
        run.log(tally.step(), line(tally, result, look, pace.seconds()));
        report(tally, total, result);
        if (tally.exploded()) {
          throw recovery(run).exploded(tally, examples);
        }
        if (!look.stop) {
          keep(run, training, tally, best);
        }
      }
      double seconds = pace.seconds();
      boolean finished = tally.step() == total || look.stop;
      if (finished && look.equals(Look.NONE)) { // killed between its last checkpoint and its result
        look = look(heldOut, trained, tally, true);
      }
      if (!finished) {
        save(run, training, tally);
      }
      takeBest(run, training, tally);
      if (finished || tally.step() > 0) { // a stop before the first step has learned nothing
        write(run, trained);
      }
      prune(run, tally);
      Optional<Retention> retention = finished ? retention(look, tally, trained) : Optional.empty();
      return new Result(
          tally.step(),
          tally.tokens(),
          tally.labels(),
          seconds,
          pace.tokensPerSecond(),
          tally.loss(),
          look.heldOut,
          Memory.peakRssBytes(), // before the products of the last figure
          finished,
          kept(tally),
          tally.bestLoss(),
          pace.gemmPeakShare(),
          retention);
    }
  }

  /**
   * What an evaluation found.
   *
   * @param over whether more is lost than allowed
   * @param stop whether that ends the run
   */
  private record Look(
      OptionalDouble heldOut, List<LossCheck.Loss> lost, boolean over, boolean stop) {
    static final Look NONE = new Look(OptionalDouble.empty(), List.of(), false, false);
  }

  /** Evaluates where it is due. */
  private Look look(List<Example> heldOut, Trained trained, Tally tally, boolean last) {
    int every = settings.saving().evaluateEvery();
    if (!(last || (every > 0 && tally.step() % every == 0))) {
      return Look.NONE;
    }
    OptionalDouble found = evaluate(heldOut, trained);
    if (losses.isEmpty()) {
      return new Look(found, List.of(), false, false);
    }
    LossLimit limit = losses.get().limit();
    List<LossCheck.Loss> lost = losses.get().deciding(trained);
    boolean over = limit.isPassedBy(lost);
    return new Look(found, lost, over, tally.overInARow(over) >= limit.patience());
  }

  /** Whether what trains is the outcome, as far as is known. */
  private boolean takes(Tally tally, Look look) {
    return switch (settings.saving().outcome()) {
      case BEST -> !look.over && tally.improves(look.heldOut);
      case LAST -> !look.over && !look.lost.isEmpty() && tally.takes(look.heldOut);
    };
  }

  /** The step whose parameters are the outcome, if that is not the last one, whichever it is. */
  private OptionalLong kept(Tally tally) {
    return losses.isPresent() && tally.bestStep().isEmpty() ? OptionalLong.of(0) : tally.bestStep();
  }

  private Optional<Retention> retention(Look look, Tally tally, Trained product) {
    return losses.map(each -> each.retention(look.lost, tally.step(), product));
  }

  private Training.StepResult step(
      RunFolder run, Training training, Tally tally, List<Example> examples) {
    try {
      return training.step(tally.step(), examples);
    } catch (Diverged e) { // the parameters are as before the step
      boolean sound = training.isFinite() && !tally.isAbove();
      if (sound && tally.step() > 0) {
        save(run, training, tally);
      }
      throw recovery(run).notFinite(e, sound ? tally.step() : tally.good());
    }
  }

  /** Saves where it is due; a loss that has shot up is no state to go on from. */
  private void keep(RunFolder run, Training training, Tally tally, boolean best) {
    int every = settings.saving().checkpointEvery();
    if (tally.isAbove()) {
      return;
    }
    if (every > 0 && (tally.step() - 1) % every == 0) {
      prune(run, tally); // the state of the step before has proved good
    }
    if (best || (every > 0 && tally.step() % every == 0)) {
      save(run, training, tally);
    }
    if (best) {
      prune(run, tally);
    }
  }

  private static OptionalDouble evaluate(List<Example> heldOut, Trained trained) {
    if (heldOut.isEmpty()) {
      return OptionalDouble.empty();
    }
    double sum = 0;
    long labels = 0;
    for (Scorer.Scores scores : new Scorer(trained.current(), Progress.none()).score(heldOut)) {
      sum -= scores.logprob();
      labels += scores.logprobs().length;
    }
    return OptionalDouble.of(sum / labels);
  }

  private static Map<String, Object> line(
      Tally tally, Training.StepResult result, Look look, double seconds) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", tally.step());
    line.put("loss", result.loss());
    if (!result.regularisers().isEmpty()) {
      line.put("regularisers", result.regularisers());
    }
    line.put("rate", result.rate());
    line.put("gradient_norm", result.norm());
    line.put("tokens", result.tokens());
    line.put("label_tokens", result.labels());
    line.put("seconds", seconds);
    look.heldOut.ifPresent(loss -> line.put("eval_loss", loss));
    if (!look.lost.isEmpty()) {
      Map<String, Double> lost = new LinkedHashMap<>();
      look.lost.forEach(each -> lost.put(each.probe(), each.loss()));
      line.put("lost", lost);
      line.put("over_limit", look.over);
      line.put("stop", look.stop);
    }
    return line;
  }

  private void report(Tally tally, long total, Training.StepResult result) {
    progress.report(
        new Progress.Point(
            "tuning",
            tally.step(),
            total,
            "steps",
            String.format(Locale.ROOT, "loss %.3f", result.loss())));
  }

  private void save(RunFolder run, Training training, Tally tally) {
    run.checkpoint(
        tally.step(),
        folder -> {
          Map<String, Tensor> state = training.state();
          List<SafetensorsWriter.Plan> plans = new ArrayList<>();
          state.forEach(
              (name, tensor) ->
                  plans.add(new SafetensorsWriter.Plan(name, tensor.dtype(), tensor.shape())));
          try (Scope _ = Scope.open()) {
            plans.add(
                new SafetensorsWriter.Plan("tally", DType.F64, new long[] {tally.values().length}));
            SafetensorsWriter.write(
                folder.resolve(STATE),
                plans,
                name ->
                    name.equals("tally")
                        ? tally.tensor()
                        : Objects.requireNonNull(state.get(name)));
          }
        });
  }

  /** Removes old states, but never the best one. */
  private void prune(RunFolder run, Tally tally) {
    if (settings.saving().keep() > 0) {
      run.pruneCheckpoints(settings.saving().keep(), kept(tally));
    }
  }

  private Recovery recovery(RunFolder run) {
    return new Recovery(run, settings.rate());
  }

  private Tally restore(RunFolder run, Training training) {
    Tally tally = new Tally();
    Optional<RunFolder.SavedStep> latest = run.latestCheckpoint();
    latest.ifPresent(saved -> restore(saved, training, tally));
    if (latest.isEmpty() && losses.isPresent()) {
      save(run, training, tally); // the outcome, if the first evaluation is over the limit
    }
    return tally;
  }

  private static void restore(RunFolder.SavedStep saved, Training training, Tally tally) {
    Path file = saved.folder().resolve(STATE);
    try (Safetensors stored = Safetensors.open(file);
        Scope _ = Scope.open()) {
      training.restore(name -> read(stored, name, file));
      tally.restore(read(stored, "tally", file));
    }
  }

  /** What trains becomes what it was after the step that is kept. */
  private void takeBest(RunFolder run, Training training, Tally tally) {
    long step = kept(tally).orElse(tally.step());
    if (step != tally.step()) {
      restore(run.checkpoint(step), training, new Tally());
    }
  }

  static Tensor read(Safetensors stored, String name, Path file) {
    Safetensors.Entry entry = stored.tensors().get(name);
    if (entry == null) {
      throw new BadInput(file + ": tensor " + name + " is missing; the run is of another version");
    }
    return Tensor.of(entry.bytes(), entry.type(), entry.shape());
  }

  private static void write(RunFolder run, Trained trained) {
    try (Scope _ = Scope.open()) {
      run.write(trained.outcome(), trained::write);
    }
  }
}
