package dev.palimpsest.tensor;

import org.bytedeco.pytorch.global.torch;

/**
 * The decomposition L · Lᵀ of a symmetric positive definite matrix (n, n), by LAPACK's potrf.
 *
 * @param l (n, n), lower triangular
 */
public record Cholesky(Tensor l) {
  /**
   * Decomposes a matrix, in the scope that is open; it fails if the matrix is not positive
   * definite.
   *
   * @param matrix F32 or F64
   */
  public static Cholesky of(Tensor matrix) {
    return new Cholesky(new Tensor(torch.linalg_cholesky(matrix.handle())));
  }

  /**
   * What the matrix is multiplied with to give the right side, in the scope that is open.
   *
   * @param right (n, columns)
   */
  public Tensor solve(Tensor right) {
    return new Tensor(torch.cholesky_solve(right.handle(), l.handle()));
  }
}
