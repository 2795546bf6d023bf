package dev.palimpsest.tensor;

/** silu(gate) · up (Shazeer, 2002.05202) over gates and ups side by side, and its gradient. */
public final class GatedUnit {
  private GatedUnit() {}

  /**
   * silu(gate) · up.
   *
   * @param both (rows, 2 · width), F32 or BF16
   * @return (rows, width), of the same type
   */
  public static Tensor forward(Tensor both) {
    if (!HeadRows.takes(both)) {
      return Functional.silu(gate(both)).timesInPlace(up(both));
    }
    Tensor hidden = Tensor.empty(both.dtype(), both.size(0), both.size(1) / 2);
    GateRows.of(both).forward(hidden);
    return hidden;
  }

  /**
   * The gradient by both, in their type.
   *
   * @param both as it was
   * @param byHidden by the result, of its shape and type
   */
  public static Tensor backward(Tensor both, Tensor byHidden) {
    Tensor byBoth = Tensor.empty(both.dtype(), both.shape());
    if (HeadRows.takes(both)) {
      GateRows.of(both).backward(byHidden, byBoth);
    } else {
      Functional.product(up(byBoth), byHidden, Functional.silu(gate(both)));
      Functional.siluBackward(gate(byBoth), byHidden.times(up(both)), gate(both));
    }
    return byBoth;
  }

  private static Tensor gate(Tensor both) {
    return both.narrow(1, 0, both.size(1) / 2);
  }

  private static Tensor up(Tensor both) {
    return both.narrow(1, both.size(1) / 2, both.size(1) / 2);
  }
}
