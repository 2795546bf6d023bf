package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;

/**
 * Low-rank factors of one module: W + scale · B · A (Hu et al., 2106.09685).
 *
 * @param a (rank, in), F32
 * @param b (out, rank), F32
 */
public record Factors(Tensor a, Tensor b, double scale) {
  /** Checks that the two meet in the rank. */
  public Factors {
    if (a.size(0) != b.size(1)) {
      throw new IllegalArgumentException("A " + a + " and B " + b + " do not meet in one rank");
    }
  }

  /** The inner dimension. */
  public int rank() {
    return (int) a.size(0);
  }

  /** The same factors with the scale multiplied: the dial between base (0) and adapter (1). */
  public Factors scaled(double factor) {
    return new Factors(a, b, scale * factor);
  }
}
