package dev.palimpsest.tune;

import dev.palimpsest.tensor.Tensor;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** What a run has done so far; a checkpoint holds it. */
final class Tally {
  /** Steps in a row that are worse than the start and worse than guessing: no batch is so hard. */
  static final int EXPLODED = 5;

  /** How much worse, in nats a token. */
  static final double MARGIN = 1;

  private long step;
  private long tokens;
  private long labels;
  private double loss = Double.NaN;
  private long bestStep;
  private double bestLoss = Double.NaN;
  private double firstLoss = Double.NaN;
  private long above;

  long step() {
    return step;
  }

  long tokens() {
    return tokens;
  }

  long labels() {
    return labels;
  }

  /** Of the last step. */
  double loss() {
    return loss;
  }

  /**
   * Adds a step.
   *
   * @param uniform ln V, the loss of guessing at random
   */
  void add(Training.StepResult result, double uniform) {
    step++;
    tokens += result.tokens();
    labels += result.labels();
    loss = result.loss();
    if (Double.isNaN(firstLoss)) {
      firstLoss = loss;
    }
    above = loss > Math.max(uniform, firstLoss) + MARGIN ? above + 1 : 0;
  }

  /**
   * Whether the last loss is more than {@link #MARGIN} above both ln V and the first step's loss.
   */
  boolean isAbove() {
    return above > 0;
  }

  /** Whether {@link #EXPLODED} steps in a row were so. */
  boolean exploded() {
    return above >= EXPLODED;
  }

  /** The last step after which the next one's loss was as it should be. */
  long good() {
    return Math.max(0, step - above - 1);
  }

  /** Takes a held-out loss; true if it is the lowest so far. */
  boolean improves(OptionalDouble heldOut) {
    double found = heldOut.orElse(Double.NaN);
    if (isAbove() || !(bestStep == 0 ? Double.isFinite(found) : found < bestLoss)) {
      return false;
    }
    bestStep = step;
    bestLoss = found;
    return true;
  }

  /** The step with the lowest held-out loss, where {@link #improves} was asked. */
  OptionalLong bestStep() {
    return bestStep == 0 ? OptionalLong.empty() : OptionalLong.of(bestStep);
  }

  OptionalDouble bestLoss() {
    return bestStep == 0 ? OptionalDouble.empty() : OptionalDouble.of(bestLoss);
  }

  double[] values() {
    return new double[] {step, tokens, labels, loss, bestStep, bestLoss, firstLoss, above};
  }

  Tensor tensor() {
    return Tensor.of(values(), values().length);
  }

  void restore(Tensor saved) {
    double[] values = values();
    double[] found = saved.doubles(); // an earlier version's has only the first four
    System.arraycopy(found, 0, values, 0, Math.min(values.length, found.length));
    step = (long) values[0];
    tokens = (long) values[1];
    labels = (long) values[2];
    loss = values[3];
    bestStep = (long) values[4];
    bestLoss = values[5];
    firstLoss = values[6];
    above = (long) values[7];
  }
}
