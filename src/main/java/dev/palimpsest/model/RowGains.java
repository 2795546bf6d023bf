package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What DoRA's magnitudes do to a projection's outputs: each column but its bias is multiplied by
 * the magnitude over the norm of its row of W + scale · B · A. The norm is a constant to the
 * gradient, as in PEFT ({@code peft/tuners/lora/dora.py}).
 *
 * @param norms (out), F32; 1 where a module has no magnitude
 * @param more the gain less 1, (out), F32: 0 where a module has no magnitude
 */
record RowGains(Projection projection, List<JoinedFactors.Part> parts, Tensor norms, Tensor more) {

  /** The gains as they are now, in the scope that is open; null where no module has a magnitude. */
  static @Nullable RowGains of(Projection projection, List<JoinedFactors.Part> joined) {
    List<JoinedFactors.Part> parts =
        joined.stream().filter(part -> part.factors().magnitude() != null).toList();
    if (parts.isEmpty()) {
      return null;
    }
    long out = projection.weight().out();
    Device device = projection.weight().device();
    RowGains gains =
        new RowGains(
            projection,
            parts,
            Tensor.zeros(device, DType.F32, out).plusInPlace(1),
            Tensor.zeros(device, DType.F32, out));
    gains.refresh();
    return gains;
  }

  /** Takes over factors and magnitudes as they are now. */
  void refresh() {
    Tensor weight = projection.weight().dense();
    for (JoinedFactors.Part part : parts) {
      Tensor norm = part.factors().rowNorms(part.rowsOf(weight));
      part.rowsOf(norms).copyFrom(norm);
      part.rowsOf(more).copyFrom(magnitude(part).detach().dividedBy(norm)).plusInPlace(-1);
    }
  }

  private static Tensor magnitude(JoinedFactors.Part part) {
    return Objects.requireNonNull(part.factors().magnitude());
  }

  /**
   * The outputs with their gains.
   *
   * @param unbiased the same without the bias
   */
  Tensor apply(Tensor outputs, Tensor unbiased) {
    return outputs.plus(unbiased.times(more.to(outputs.dtype())));
  }

  /**
   * Adds to the gradients of the magnitudes.
   *
   * @param gradient by what {@link #apply} gave
   * @return the gradient by the outputs before it
   */
  Tensor backward(Tensor unbiased, Tensor gradient) {
    Tensor sums = gradient.to(DType.F32).times(unbiased.to(DType.F32)).sum(0);
    Tensor byMagnitude = sums.dividedBy(norms);
    for (JoinedFactors.Part part : parts) {
      FrozenProjection.into(magnitude(part)).plusInPlace(part.rowsOf(byMagnitude));
    }
    return gradient.plus(gradient.times(more.to(gradient.dtype())));
  }
}
