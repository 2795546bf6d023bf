package dev.palimpsest.merge;

import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.TensorInfo;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * One tensor of a base and the sources that change it. It is gone through in pieces of whole rows,
 * so that no second copy of a large tensor is ever in memory.
 */
record TensorMerge(Checkpoint base, String tensor, List<Source> sources) {
  private static final long ELEMENTS = 1 << 18;

  /** Sees a piece, in a scope of its own. */
  @FunctionalInterface
  interface Visitor {
    /**
     * Takes a piece.
     *
     * @param before the base's rows, F64
     * @param changes of each source, whole, F64
     */
    void see(long from, Tensor before, List<Tensor> changes);
  }

  /** Goes through all rows in their order. */
  void eachPiece(Visitor visitor) {
    TensorInfo info = info();
    long most = Math.max(1, ELEMENTS * info.rows() / info.elements());
    for (long from = 0; from < info.rows(); from += most) {
      long at = from;
      try (Scope _ = Scope.open()) {
        Tensor before =
            base.weights().rows(tensor, DType.F64, at, Math.min(most, info.rows() - at));
        visitor.see(
            at,
            before,
            sources.stream().map(source -> source.change(tensor, before, at)).toList());
      }
    }
  }

  TensorInfo info() {
    return Objects.requireNonNull(base.weights().tensors().get(tensor), tensor);
  }

  /** What a merge made of the tensor. */
  record Outcome(Tensor merged, Realised.Sums sums) {}

  /**
   * W0 + change in F64, rounded to F32 and then to the output's type.
   *
   * @throws BadInput if that type does not hold an element
   */
  Outcome merged(Rule rule, DType type) {
    TensorInfo info = info();
    Tensor merged = Tensor.empty(type, info.shape());
    Tensor rows = merged.view(info.rows(), info.elements() / info.rows());
    Realised.Sums sums = new Realised.Sums(tensor);
    Rule.Rows change = rule.over(this);
    eachPiece(
        (from, before, changes) -> {
          Tensor wanted = change.of(before, changes);
          Tensor after = before.plus(wanted).to(DType.F32).to(type);
          if (!after.isFinite()) {
            throw new BadInput(
                tensor + ": an element of the merged tensor is too large for " + type);
          }
          rows.narrow(0, from, before.size(0)).copyFrom(after);
          sums.add(before, wanted, after.to(DType.F64).minusInPlace(before));
        });
    return new Outcome(merged, sums);
  }
}
