package dev.palimpsest.tune;

import dev.palimpsest.run.Memory;

/**
 * What a training run takes on this machine, before it is made.
 *
 * @param steps of the whole run
 * @param trainedTokens that go through the backward pass, exactly
 * @param labelTokens among them, exactly
 * @param flops of the steps, as {@link Flops} counts them
 * @param seconds of the steps and of the held-out losses among and after them, without start-up and
 *     checkpoints: {@code flops} at the probe's pace, and its warming up
 * @param peakBytes that were resident at once while the probe trained on the longest example
 * @param epochs passes over the data that the steps make
 * @param probe what was measured
 */
public record Estimate(
    long steps,
    long trainedTokens,
    long labelTokens,
    double flops,
    double seconds,
    long peakBytes,
    double epochs,
    Probe probe) {

  /**
   * Some of the run's own steps, in memory.
   *
   * @param steps that were timed, after two that were not
   * @param seconds of them
   * @param warmUpSeconds that the two took beyond that pace: kernels are compiled then
   */
  public record Probe(int steps, long tokens, double flops, double seconds, double warmUpSeconds) {
    double secondsAnOperation() {
      return seconds / flops;
    }
  }

  /** The same where something comes before the steps, which is over now. */
  Estimate after(double before) {
    long peak = Math.max(peakBytes, Memory.peakRssBytes());
    return new Estimate(
        steps, trainedTokens, labelTokens, flops, seconds + before, peak, epochs, probe);
  }
}
