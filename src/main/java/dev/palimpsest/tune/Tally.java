package dev.palimpsest.tune;

import dev.palimpsest.tensor.Tensor;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** What a run has done so far; a checkpoint holds it. */
final class Tally {
  /** Steps in a row whose loss is far above the usual: one hard batch is no divergence. */
  static final int EXPLODED = 10;

  /**
   * How far, in nats a token: 7 times the perplexity. A measure by ln V would miss most: a model
   * that has lost its way still knows how frequent tokens are.
   */
  static final double MARGIN = 2;

  /** What one step adds to the average that is the usual. */
  private static final double SHARE = 0.1;

  private long step;
  private long tokens;
  private long labels;
  private double loss = Double.NaN;
  private long bestStep;
  private double bestLoss = Double.NaN;
  private double usual = Double.NaN;
  private long above;
  private long over;

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

  void add(Training.StepResult result) {
    step++;
    tokens += result.tokens();
    labels += result.labels();
    loss = result.loss();
    above = loss > usual + MARGIN ? above + 1 : 0;
    if (above == 0) {
      usual = Double.isNaN(usual) ? loss : usual + SHARE * (loss - usual);
    }
  }

  /** Whether the last loss is more than {@link #MARGIN} above the average of those before. */
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
    return (bestStep == 0 ? Double.isFinite(found) : found < bestLoss) && takes(heldOut);
  }

  /** Takes this step for the best so far, unless its loss is {@link #isAbove}. */
  boolean takes(OptionalDouble heldOut) {
    if (isAbove()) {
      return false;
    }
    bestStep = step;
    bestLoss = heldOut.orElse(Double.NaN);
    return true;
  }

  /** The step that {@link #takes} or {@link #improves} took last. */
  OptionalLong bestStep() {
    return bestStep == 0 ? OptionalLong.empty() : OptionalLong.of(bestStep);
  }

  OptionalDouble bestLoss() {
    return Double.isNaN(bestLoss) ? OptionalDouble.empty() : OptionalDouble.of(bestLoss);
  }

  /** Takes whether an evaluation is over the limit on losses; how many in a row now are. */
  long overInARow(boolean another) {
    over = another ? over + 1 : 0;
    return over;
  }

  double[] values() {
    return new double[] {step, tokens, labels, loss, bestStep, bestLoss, usual, above, over};
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
    usual = values[6];
    above = (long) values[7];
    over = (long) values[8];
  }
}
