package dev.palimpsest.tune;

import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the user may say of a training run. Defaults are PEFT's and TRL's.
 *
 * @param batch examples of one pass over the data at a time
 * @param accumulate such batches of one step
 * @param rate peak learning rate
 * @param schedule of the rate
 * @param warmup steps in which the rate rises
 * @param clip largest norm of the gradient; 0 for none
 * @param optimizer adamw, adamw8bit, adafactor or sgd
 * @param decay weight decay of all optimisers but sgd; norms and biases are spared
 * @param length steps or epochs
 * @param saving checkpoints and evaluations
 * @param seed of every random draw
 */
public record TuneSettings(
    int batch,
    int accumulate,
    double rate,
    Schedule schedule,
    int warmup,
    double clip,
    String optimizer,
    double decay,
    Length length,
    Saving saving,
    long seed) {

  /**
   * How long it trains.
   *
   * @param steps of the optimiser; where empty, as many as the epochs need
   * @param epochs passes over the data
   */
  public record Length(OptionalInt steps, int epochs) {}

  /**
   * What is kept on the way.
   *
   * @param checkpointEvery steps between checkpoints; 0 for none
   * @param keep newest checkpoints that stay; 0 for all
   * @param evaluateEvery steps between held-out losses; 0 for the end alone
   * @param outcome whose parameters are the run's product
   * @param limit on what is lost; evaluations over it end the run
   */
  public record Saving(
      int checkpointEvery,
      int keep,
      int evaluateEvery,
      Outcome outcome,
      Optional<LossLimit> limit) {
    /** A run recorded before there was a choice has none: the last step. */
    public Saving {
      outcome = Objects.requireNonNullElse(outcome, Outcome.LAST);
      limit = Objects.requireNonNullElse(limit, Optional.empty());
    }

    /** What is kept of a run that may lose whatever it does. */
    public Saving(int checkpointEvery, int keep, int evaluateEvery, Outcome outcome) {
      this(checkpointEvery, keep, evaluateEvery, outcome, Optional.empty());
    }

    /** What is kept of a run whose product is its last step's. */
    public Saving(int checkpointEvery, int keep, int evaluateEvery) {
      this(checkpointEvery, keep, evaluateEvery, Outcome.LAST);
    }
  }

  /** Which step's parameters are a run's product. */
  public enum Outcome {
    /** The last one's; under a limit, the last evaluated one's that was not over it. */
    LAST,
    /** Those of the evaluated step with the lowest held-out loss. */
    BEST
  }

  /** One epoch of AdamW, batches of 8, 2e-4 falling to 0. */
  public static TuneSettings defaults() {
    return new TuneSettings(
        8,
        1,
        2e-4,
        Schedule.LINEAR,
        0,
        1.0,
        "adamw",
        0,
        new Length(OptionalInt.empty(), 1),
        new Saving(0, 2, 0),
        0);
  }

  /** Checks the ranges. */
  public TuneSettings {
    List<String> wrong = new ArrayList<>();
    require(wrong, batch >= 1, "--batch " + batch + ": give 1 or more");
    require(wrong, accumulate >= 1, "--accumulate " + accumulate + ": give 1 or more");
    require(wrong, rate > 0 && Double.isFinite(rate), "--lr " + rate + ": give a number above 0");
    require(wrong, warmup >= 0, "--warmup " + warmup + ": give 0 or more");
    require(wrong, clip >= 0 && Double.isFinite(clip), "--clip " + clip + ": give 0 or more");
    require(
        wrong,
        decay >= 0 && Double.isFinite(decay),
        "--weight-decay " + decay + ": give 0 or more");
    if (!wrong.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", wrong));
    }
    if (!Optimizer.NAMES.contains(optimizer)) {
      throw new BadInput("--" + Optimizer.unknown(optimizer));
    }
  }

  private static void require(List<String> wrong, boolean right, String told) {
    if (!right) {
      wrong.add(told);
    }
  }

  /** The same with another peak rate. */
  public TuneSettings withRate(double other) {
    return new TuneSettings(
        batch, accumulate, other, schedule, warmup, clip, optimizer, decay, length, saving, seed);
  }

  /** The same with another optimiser. */
  TuneSettings withOptimizer(String other) {
    return new TuneSettings(
        batch, accumulate, rate, schedule, warmup, clip, other, decay, length, saving, seed);
  }

  /** Examples of one step of the optimiser. */
  public int perStep() {
    return batch * accumulate;
  }
}
