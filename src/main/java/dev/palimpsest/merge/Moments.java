package dev.palimpsest.merge;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;

/**
 * What a linear module reads in two models along the same tokens, as sums over the tokens: enough
 * for least squares, however many they are. F64.
 *
 * @param before X₀ᵀX₀ of the old model, (in₀, in₀)
 * @param after X₁ᵀX₁ of the new one, (in₁, in₁)
 * @param across X₁ᵀX₀, (in₁, in₀)
 */
public record Moments(Tensor before, Tensor after, Tensor across) {
  /** Those of no tokens, in the scope that is open. */
  public static Moments none(long before, long after) {
    return new Moments(
        Tensor.zeros(DType.F64, before, before),
        Tensor.zeros(DType.F64, after, after),
        Tensor.zeros(DType.F64, after, before));
  }

  /** Bytes that they take. */
  public static long bytes(long before, long after) {
    return DType.F64.bytes() * (before * before + after * after + after * before);
  }

  /**
   * Adds some tokens.
   *
   * @param old (tokens, in₀)
   * @param own (tokens, in₁), of the same tokens
   */
  public void add(Tensor old, Tensor own) {
    try (Scope _ = Scope.open()) {
      Tensor x0 = old.to(DType.F64);
      Tensor x1 = own.to(DType.F64);
      before.plusMatmulInPlace(x0.transpose(0, 1), x0);
      after.plusMatmulInPlace(x1.transpose(0, 1), x1);
      across.plusMatmulInPlace(x1.transpose(0, 1), x0);
    }
  }
}
