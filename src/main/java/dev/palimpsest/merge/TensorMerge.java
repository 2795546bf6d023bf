package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.TensorInfo;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;

/**
 * What a merge made of a tensor.
 *
 * @param merged in the output's type
 */
record TensorMerge(Tensor merged, Realised.Sums sums) {

  /**
   * W0 + change in F64, rounded to F32 and then to the output's type.
   *
   * @throws BadInput if that type does not hold an element
   */
  static TensorMerge of(ChangedTensor tensor, Rule rule, DType type) {
    TensorInfo info = tensor.info();
    Tensor merged = Tensor.empty(type, info.shape());
    Tensor rows = merged.view(info.rows(), info.elements() / info.rows());
    Realised.Sums sums = new Realised.Sums(tensor.tensor());
    Rule.Rows change = rule.over(tensor);
    tensor.eachPiece(
        (from, before, changes) -> {
          Tensor wanted = change.of(before, changes);
          Tensor after = before.plus(wanted).to(DType.F32).to(type);
          if (!after.isFinite()) {
            throw new BadInput(
                tensor.tensor() + ": an element of the merged tensor is too large for " + type);
          }
          rows.narrow(0, from, before.size(0)).copyFrom(after);
          sums.add(before, wanted, after.to(DType.F64).minusInPlace(before));
        });
    return new TensorMerge(merged, sums);
  }
}
