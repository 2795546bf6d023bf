package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.RmsNorm;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A norm, or none where an architecture has none.
 *
 * @param weight F32
 * @param byWeight where its gradient adds up, F32; null where the weight does not train
 */
record FrozenNorm(@Nullable Tensor weight, double epsilon, @Nullable Tensor byWeight) {
  /**
   * What a pass gave, and what its gradient needs.
   *
   * @param norm null where there is none
   */
  record Applied(Tensor output, @Nullable RmsNorm norm) {
    void keep(Scope scope) {
      if (norm != null) {
        scope.keep(norm.unit());
        scope.keep(norm.inverse());
      }
    }
  }

  Applied apply(Tensor x) {
    if (weight == null) {
      return new Applied(x, null);
    }
    RmsNorm norm = RmsNorm.of(x.to(DType.F32), epsilon);
    return new Applied(norm.unit().times(weight), norm);
  }

  /** What a pass gave, made again from what is kept of it. */
  Tensor again(Applied pass) {
    return weight == null || pass.norm == null ? pass.output : pass.norm.unit().times(weight);
  }

  /** Adds the gradient by the input, given the one by the output. */
  void addGradient(Applied pass, Tensor gradient, Tensor into) {
    if (weight == null || pass.norm == null) {
      into.plusInPlace(gradient);
    } else {
      Tensor wide = gradient.to(DType.F32);
      if (byWeight != null) {
        addWeightGradient(pass.norm, wide, byWeight);
      }
      pass.norm.addGradient(wide, weight, into);
    }
  }

  /** Adds the gradient by the weight of unit · weight: Σ gradient · unit. */
  static void addWeightGradient(RmsNorm norm, Tensor gradient, Tensor into) {
    into.plusInPlace(gradient.times(norm.unit()).reshape(-1, into.count()).sum(0));
  }

  /**
   * The gradient by the input, given the one by the output; that one itself where there is no norm.
   */
  Tensor gradient(Applied pass, Tensor gradient) {
    if (weight == null) {
      return gradient;
    }
    Tensor made = Tensor.zeros(DType.F32, gradient.shape());
    addGradient(pass, gradient, made);
    return made;
  }
}
