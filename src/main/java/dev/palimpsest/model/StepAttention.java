package dev.palimpsest.model;

import dev.palimpsest.tensor.FloatRows;

/** What {@link Attention} is to a pass, to a step of decoding: where keys are kept, and seen. */
@FunctionalInterface
public interface StepAttention {
  /**
   * Attention of one layer.
   *
   * @param layer its number
   * @param heads a row for each sequence: queries and keys, rotated, and values, head by head
   * @param into a row for each sequence: its heads
   */
  void attend(int layer, FloatRows heads, FloatRows into);
}
