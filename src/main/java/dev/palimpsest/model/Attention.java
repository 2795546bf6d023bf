package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;

/**
 * Which keys each row sees, and where they are kept: the only part of a decoder that hangs on it.
 */
@FunctionalInterface
public interface Attention {
  /**
   * Attention of one layer.
   *
   * @param layer its number
   * @param q (heads, rows, dim), rotated, F32
   * @param k (key-value heads, rows, dim), rotated, F32
   * @param v (key-value heads, rows, dim), F32
   * @return (rows, heads · dim), F32
   */
  Tensor attend(int layer, Tensor q, Tensor k, Tensor v);
}
