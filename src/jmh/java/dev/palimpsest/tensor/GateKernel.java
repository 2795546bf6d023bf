package dev.palimpsest.tensor;

import jdk.incubator.vector.FloatVector;

/** A gated unit's silu(gate) · up in one pass over bf16, and its gradient. */
final class GateKernel {
  private final int width;

  /** A unit so wide. */
  GateKernel(int width) {
    this.width = width;
  }

  /**
   * silu(gate) · up.
   *
   * @param both (rows, 2 · width), gate and up, BF16
   * @param into (rows, width), BF16
   */
  void forward(Tensor both, Tensor into) {
    long gate = both.segment().address();
    long to = into.segment().address();
    long step = 2L * width;
    Team.compute(
        Math.toIntExact(both.size(0)),
        width,
        (first, last) -> {
          for (int row = first; row < last; row++) {
            times(gate + row * 2 * step, gate + row * 2 * step + step, to + row * step);
          }
        });
  }

  /**
   * The gradient by gate and up.
   *
   * @param both as it was
   * @param byHidden (rows, width), the gradient by the product, BF16
   * @param byBoth (rows, 2 · width), is overwritten, BF16
   */
  void backward(Tensor both, Tensor byHidden, Tensor byBoth) {
    long gate = both.segment().address();
    long by = byHidden.segment().address();
    long to = byBoth.segment().address();
    long step = 2L * width;
    Team.compute(
        Math.toIntExact(both.size(0)),
        2L * width,
        (first, last) -> {
          float[] shares = new float[width];
          for (int row = first; row < last; row++) {
            long at = row * 2 * step;
            byGate(gate + at, by + row * step, shares, to + at);
            times(gate + at, by + row * step, to + at + step);
          }
        });
  }

  // silu(gate) · other
  private void times(long gate, long other, long into) {
    for (int i = 0; i < width; i += Lanes.COUNT) {
      FloatVector x = Lanes.narrow(gate + 2L * i);
      FloatVector value = x.div(Lanes.exp(x.neg()).add(1));
      Lanes.putNarrow(value.mul(Lanes.narrow(other + 2L * i)), into + 2L * i);
    }
  }

  // by · up · σ · (1 + x · (1 − σ)). An array lies between the loops: C2 puts vectors on the heap
  // that are used twice behind an exponential, or meet behind a branch.
  private void byGate(long gate, long by, float[] shares, long into) {
    FloatVector one = FloatVector.broadcast(Lanes.FLOATS, 1);
    for (int i = 0; i < width; i += Lanes.COUNT) {
      one.div(Lanes.exp(Lanes.narrow(gate + 2L * i).neg()).add(1)).intoArray(shares, i);
    }
    long up = gate + 2L * width;
    for (int i = 0; i < width; i += Lanes.COUNT) {
      FloatVector share = FloatVector.fromArray(Lanes.FLOATS, shares, i);
      FloatVector slope = one.sub(share).fma(Lanes.narrow(gate + 2L * i), one).mul(share);
      FloatVector product = Lanes.narrow(by + 2L * i).mul(Lanes.narrow(up + 2L * i));
      Lanes.putNarrow(product.mul(slope), into + 2L * i);
    }
  }
}
