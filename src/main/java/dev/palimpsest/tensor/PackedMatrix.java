package dev.palimpsest.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A matrix, (out, in), in the blocked layout in which oneDNN multiplies: its products need not lay
 * it out anew, which for few rows takes as long as the product. In bf16 each row of a product has
 * the same bits whatever the number of rows; in fp32 in products of few rows
 * (docs/decisions/packed-weights.md).
 */
public final class PackedMatrix implements AutoCloseable {
  /** Most rows of a small product that is tried. */
  private static final int SMALL = 32;

  private static final Map<List<Long>, Integer> TRIED = new ConcurrentHashMap<>();

  private final Tensor packed;

  private PackedMatrix(Tensor packed) {
    this.packed = packed;
  }

  /** Whether products with such a matrix gain by it on this machine. */
  public static boolean pays(Tensor matrix) {
    return pays(matrix.dtype()) && matrix.handle().is_cpu();
  }

  /** The same of any matrix of a type in this machine's memory. */
  public static boolean pays(DType type) {
    return type == DType.BF16 ? Cpu.hasBf16() : type == DType.F32 && Cpu.hasAvx2();
  }

  /**
   * Products of 1, 2, 4, … and at most so many rows give each row the same bits. In bf16 all
   * products do. In fp32 oneDNN chooses its kernel by shape and rows, so it is tried, once a shape.
   */
  public int rowsThatStandAlone() {
    return dtype() == DType.BF16
        ? Integer.MAX_VALUE
        : TRIED.computeIfAbsent(List.of(out(), in(), (long) Native.threads()), _ -> tried());
  }

  private int tried() {
    try (Scope _ = Scope.open()) {
      float[] values = new float[SMALL * Math.toIntExact(in())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) Math.sin(i);
      }
      Tensor x = Tensor.of(values, SMALL, in());
      int rows = 1;
      while (rows < SMALL && Arrays.equals(last(x, 2 * rows), alone(x, 2 * rows))) {
        rows *= 2;
      }
      return rows;
    }
  }

  private float[] last(Tensor x, int rows) {
    return linear(x.narrow(0, 0, rows)).narrow(0, rows - 1, 1).floats();
  }

  private float[] alone(Tensor x, int rows) {
    return linear(x.narrow(0, rows - 1, 1)).floats();
  }

  /**
   * Lays out a matrix, which stays as it is.
   *
   * @param matrix (out, in)
   */
  public static PackedMatrix of(Tensor matrix) {
    return new PackedMatrix(OneDnn.laidOut(matrix));
  }

  /** Rows: width of the outputs. */
  public long out() {
    return packed.size(0);
  }

  /** Type of the products. */
  public DType dtype() {
    return packed.dtype();
  }

  /** Columns: width of the inputs. */
  public long in() {
    return packed.size(1);
  }

  /**
   * x · Wᵀ.
   *
   * @param x (rows, in), the matrix's type
   */
  public Tensor linear(Tensor x) {
    return OneDnn.linear(x, packed);
  }

  /**
   * x · Wᵀ + other.
   *
   * @param x (rows, in), the matrix's type
   * @param other (rows, out), the same
   */
  public Tensor linearPlus(Tensor x, Tensor other) {
    return OneDnn.linearPlus(x, packed, other);
  }

  /** The matrix itself, bit by bit. */
  public Tensor dense() {
    return new Tensor(packed.handle().to_dense());
  }

  /** Takes it out of every scope: it lives until closed. */
  public PackedMatrix release(Scope scope) {
    scope.release(packed);
    return this;
  }

  @Override
  public void close() {
    packed.close();
  }
}
