package dev.palimpsest.tensor;

import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.global.torch;

/**
 * The reduced decomposition Q · R of a matrix (m, n), by LAPACK's geqrf; k is the smaller of m and
 * n.
 *
 * @param q (m, k), its columns orthonormal
 * @param r (k, n), upper triangular
 */
public record Qr(Tensor q, Tensor r) {
  /**
   * Decomposes a matrix, in the scope that is open.
   *
   * @param matrix F32 or F64
   */
  public static Qr of(Tensor matrix) {
    T_TensorTensor_T parts = torch.linalg_qr(matrix.handle());
    return new Qr(new Tensor(parts.get0().clone()), new Tensor(parts.get1().clone()));
  }
}
