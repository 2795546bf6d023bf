package dev.palimpsest.tensor;

import org.jspecify.annotations.Nullable;

/** Softmax(q · kᵀ · scale + mask) · v with what its gradient needs. */
public sealed interface SavedAttention permits FlashAttention, RecordedAttention {
  /** Gradients by the three inputs, in their shapes. */
  record Gradients(Tensor q, Tensor k, Tensor v) {}

  /**
   * Computes it.
   *
   * @param q (batch, heads, rows, dim)
   * @param k (batch, heads, columns, dim)
   * @param v as k
   * @param mask (rows, columns), added to the scores; null for causal attention
   */
  static SavedAttention of(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
    return q.device() == Device.CPU
        ? FlashAttention.of(q, k, v, mask, scale)
        : RecordedAttention.of(q, k, v, mask, scale);
  }

  /** As q. */
  Tensor output();

  /** The gradients, given the one by the output. */
  Gradients backward(Tensor gradient);

  /** Keeps all of it. */
  void keep(Scope scope);
}
