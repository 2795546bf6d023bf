package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.RmsNorm;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A norm whose weight does not train, or none where an architecture has none.
 *
 * @param weight F32
 */
record FrozenNorm(@Nullable Tensor weight, double epsilon) {
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

  /** Adds the gradient by the input, given the one by the output. */
  void addGradient(Applied pass, Tensor gradient, Tensor into) {
    if (weight == null || pass.norm == null) {
      into.plusInPlace(gradient);
    } else {
      pass.norm.addGradient(gradient.to(DType.F32), weight, into);
    }
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
