package dev.palimpsest.merge;

import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.Cholesky;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Svd;
import dev.palimpsest.tensor.Tensor;
import java.util.Optional;

/**
 * The best pair of a rank for a module's change ΔW, (out, in): the least ‖ΔW − BA‖ (Eckart and
 * Young, 1936), or along inputs X the least ‖(ΔW − BA) Xᵀ‖, with U the left singular vectors of
 * ΔW·C^½. There BA is U·Uᵀ·ΔW, as U·S·Vᵀ·C^−½ is the same, and C need not be inverted; any root of
 * C has the same U and S, and Cholesky's takes least.
 *
 * @param factors of scale 1, F32, in the scope that was open
 * @param missed ‖ΔW − BA‖²
 */
record LowRank(Factors factors, double missed) {
  /**
   * Singular values of ΔW·C^½, or of ΔW.
   *
   * @param change ΔW, F64
   * @param inputs C, F64; empty where all directions count alike
   */
  static double[] values(Tensor change, Optional<Tensor> inputs) {
    try (Scope _ = Scope.open()) {
      return Svd.values(weighed(change, inputs)).doubles();
    }
  }

  private static Tensor weighed(Tensor change, Optional<Tensor> inputs) {
    return inputs.map(c -> change.matmul(Cholesky.of(c).l())).orElse(change);
  }

  /**
   * The best pair.
   *
   * @param rank no more than there are values above zero
   */
  static LowRank of(Tensor change, Optional<Tensor> inputs, int rank) {
    try (Scope scope = Scope.open()) {
      Tensor u = Svd.of(weighed(change, inputs)).u().narrow(1, 0, rank);
      Tensor rows = u.transpose(0, 1).matmul(change);
      // each factor has the root of a direction's length, as singular values are shared out
      Tensor roots = rows.square().sum(1).sqrt().sqrt();
      return new LowRank(
          new Factors(
              scope.keep(rows.dividedBy(roots.unsqueeze(1)).to(DType.F32).contiguous()),
              scope.keep(u.times(roots).to(DType.F32).contiguous()),
              1),
          change.minus(u.matmul(rows)).square().sum().item());
    }
  }
}
