package dev.palimpsest.tensor;

/**
 * activation(gate) · up over gates and ups side by side (Shazeer, 2002.05202), and its gradient.
 */
public enum GatedUnit {
  /** With silu. */
  SWIGLU,
  /** With GELU by its tanh approximation. */
  GEGLU;

  /**
   * activation(gate) · up.
   *
   * @param both (rows, 2 · width), F32 or BF16
   * @return (rows, width), of the same type
   */
  public Tensor forward(Tensor both) {
    if (isOnVectors(both)) {
      Tensor hidden = Tensor.empty(both.dtype(), both.size(0), both.size(1) / 2);
      GateRows.of(both).forward(hidden);
      return hidden;
    }
    return activation(gate(both)).times(up(both));
  }

  /**
   * The gradient by both, in their type.
   *
   * @param both as it was
   * @param byHidden by the result, of its shape and type
   */
  public Tensor backward(Tensor both, Tensor byHidden) {
    Tensor byBoth = both.newEmpty(both.dtype(), both.shape());
    if (isOnVectors(both)) {
      GateRows.of(both).backward(byHidden, byBoth);
      return byBoth;
    }
    Functional.product(up(byBoth), byHidden, activation(gate(both)));
    Tensor byActivation = byHidden.times(up(both));
    switch (this) {
      case SWIGLU -> Functional.siluBackward(gate(byBoth), byActivation, gate(both));
      case GEGLU -> Functional.geluTanhBackward(gate(byBoth), byActivation, gate(both));
    }
    return byBoth;
  }

  private boolean isOnVectors(Tensor both) {
    return this == SWIGLU && HeadRows.takes(both);
  }

  /** Of the gate alone, by libtorch. */
  public Tensor activation(Tensor gate) {
    return switch (this) {
      case SWIGLU -> Functional.silu(gate);
      case GEGLU -> Functional.geluTanh(gate);
    };
  }

  private static Tensor gate(Tensor both) {
    return both.narrow(1, 0, both.size(1) / 2);
  }

  private static Tensor up(Tensor both) {
    return both.narrow(1, both.size(1) / 2, both.size(1) / 2);
  }
}
