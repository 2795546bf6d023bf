package dev.palimpsest.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A matrix in oneDNN's blocks. In bf16 each row of a product has the same bits whatever the number
 * of rows; in fp32 in products of few rows.
 */
final class BlockedMatrix implements PackedMatrix {
  /** Most rows of a small product that is tried. */
  private static final int SMALL = 32;

  private static final Map<List<Long>, Integer> TRIED = new ConcurrentHashMap<>();

  private final Tensor packed;

  BlockedMatrix(Tensor packed) {
    this.packed = packed;
  }

  /** In fp32 oneDNN chooses its kernel by shape and rows, so it is tried, once a shape. */
  @Override
  public int rowsThatStandAlone() {
    return dtype() == DType.BF16
        ? Integer.MAX_VALUE
        : TRIED.computeIfAbsent(List.of(out(), in(), (long) Native.threads()), _ -> tried());
  }

  private int tried() {
    try (Scope _ = Scope.open()) {
      Tensor x = Tensor.of(waves(SMALL * Math.toIntExact(in())), SMALL, in());
      int rows = 1;
      while (rows < SMALL && Arrays.equals(last(x, 2 * rows), alone(x, 2 * rows))) {
        rows *= 2;
      }
      return rows;
    }
  }

  /** Elements that products are tried with. */
  static float[] waves(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) Math.sin(i);
    }
    return values;
  }

  private float[] last(Tensor x, int rows) {
    return linear(x.narrow(0, 0, rows)).narrow(0, rows - 1, 1).floats();
  }

  private float[] alone(Tensor x, int rows) {
    return linear(x.narrow(0, rows - 1, 1)).floats();
  }

  @Override
  public long out() {
    return packed.size(0);
  }

  @Override
  public long in() {
    return packed.size(1);
  }

  @Override
  public DType dtype() {
    return packed.dtype();
  }

  @Override
  public long bytes() {
    return out() * in() * dtype().bytes();
  }

  @Override
  public Tensor linear(Tensor x) {
    return OneDnn.linear(x, packed);
  }

  @Override
  public Tensor linearPlus(Tensor x, Tensor other) {
    return OneDnn.linearPlus(x, packed, other);
  }

  @Override
  public Tensor dense() {
    return new Tensor(packed.handle().to_dense());
  }

  @Override
  public PackedMatrix transposed() {
    try (Scope scope = Scope.open()) {
      return PackedMatrix.of(dense().transpose(0, 1).contiguous()).keep(scope);
    }
  }

  @Override
  public PackedMatrix keep(Scope scope) {
    scope.keep(packed);
    return this;
  }

  @Override
  public PackedMatrix release(Scope scope) {
    scope.release(packed);
    return this;
  }

  @Override
  public void close() {
    packed.close();
  }
}
