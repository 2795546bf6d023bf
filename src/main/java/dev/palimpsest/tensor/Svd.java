package dev.palimpsest.tensor;

import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.global.torch;

/**
 * The exact singular value decomposition U · diag(S) · Vᵀ of a matrix (m, n), by LAPACK's gesdd; k
 * is the smaller of m and n.
 *
 * @param u (m, k)
 * @param s (k), falling
 * @param vt (k, n)
 */
public record Svd(Tensor u, Tensor s, Tensor vt) {
  /** The values alone, in the scope that is open; a fifth of the time. */
  public static Tensor values(Tensor matrix) {
    return new Tensor(torch.linalg_svdvals(matrix.handle()));
  }

  /**
   * Decomposes a matrix, in the scope that is open.
   *
   * @param matrix F32 or F64
   */
  public static Svd of(Tensor matrix) {
    T_TensorTensorTensor_T parts =
        torch.linalg_svd(matrix.handle(), false, new StringViewOptional());
    return new Svd(
        new Tensor(parts.get0().clone()),
        new Tensor(parts.get1().clone()),
        new Tensor(parts.get2().clone()));
  }
}
