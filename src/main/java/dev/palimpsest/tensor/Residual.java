package dev.palimpsest.tensor;

/** x + change of a residual stream, in one pass over memory where the JDK's vectors are there. */
public final class Residual {
  private Residual() {}

  /**
   * The sum, F32.
   *
   * @param x (rows, width), F32
   * @param change of x's shape, F32 or BF16
   */
  public static Tensor plus(Tensor x, Tensor change) {
    if (!HeadRows.takes(x) || !HeadRows.takes(change)) {
      return x.plus(change);
    }
    Tensor sum = Tensor.empty(DType.F32, x.shape());
    HeadRows left = HeadRows.of(x);
    HeadRows right = HeadRows.of(change);
    HeadRows into = HeadRows.of(sum);
    Team.compute(
        Math.toIntExact(x.size(0)),
        left.width(),
        (first, last) -> {
          float[] a = new float[left.width()];
          float[] b = new float[left.width()];
          for (int row = first; row < last; row++) {
            left.load(row, 0, a, 0);
            right.load(row, 0, b, 0);
            Lanes.add(b, a);
            into.store(row, 0, a, 0);
          }
        });
    return sum;
  }
}
