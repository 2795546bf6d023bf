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
        scope.keep(norm.x());
        scope.keep(norm.inverse());
      }
    }
  }

  /** The norm forward, in a type; where there is none, in the type that the input has. */
  Applied apply(Tensor x, DType type) {
    if (weight == null) {
      return new Applied(x, null);
    }
    RmsNorm.Normed normed = RmsNorm.of(x, weight, epsilon, type);
    return new Applied(normed.output(), normed.norm());
  }

  /** What a pass gave, made again from what is kept of it. */
  Tensor again(Applied pass, DType type) {
    return weight == null || pass.norm == null ? pass.output : pass.norm.output(weight, type);
  }

  /** Adds the gradient by the input, given the one by the output. */
  void addGradient(Applied pass, Tensor gradient, Tensor into) {
    if (weight == null || pass.norm == null) {
      into.plusInPlace(gradient);
    } else {
      if (byWeight != null) {
        addWeightGradient(pass.norm, gradient.to(DType.F32), byWeight);
      }
      pass.norm.addGradient(gradient, weight, into);
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
    Tensor made = gradient.newZeros(DType.F32, gradient.shape());
    addGradient(pass, gradient, made);
    return made;
  }
}
