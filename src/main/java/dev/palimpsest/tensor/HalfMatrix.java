package dev.palimpsest.tensor;

import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.pytorch.IValue;

/**
 * A matrix in 16 bits an element whose products are F32, by FBGEMM: elements are widened in
 * registers on their way into the product, so that half as many bytes come from memory. The
 * operations are those of ATen's quantized/cpu/qlinear_prepack.cpp and qlinear_dynamic.cpp.
 *
 * <p>Each element is a number of fp16 times the matrix's power of two. With that every number of
 * bf16 between 2⁻³² and 1 of the largest is kept exactly, and so is each of fp16.
 */
final class HalfMatrix implements PackedMatrix {
  private static final Operator PACK = new Operator("quantized::linear_prepack_fp16");
  private static final Operator UNPACK = new Operator("quantized::linear_unpack_fp16");
  private static final Operator LINEAR = new Operator("quantized::linear_dynamic_fp16");
  private static final IValue NO_BIAS = Operator.lasting(new IValue());

  /** The largest power of two in fp16. */
  private static final int LARGEST = 15;

  /** Elements that are looked at at a time. */
  private static final long PIECE = 1 << 22;

  // FBGEMM's kernels ask for AVX2, and not every libtorch is built with it
  private static final boolean IS_THERE = Cpu.hasAvx2() && canPack();

  private final IValue packed;
  private final long out;
  private final long in;
  private final double unit;

  private HalfMatrix(IValue packed, long out, long in, double unit) {
    this.packed = packed;
    this.out = out;
    this.in = in;
    this.unit = unit;
  }

  private static boolean canPack() {
    try (Scope _ = Scope.open()) {
      packed(Tensor.zeros(DType.F32, 1, 1), 1).close();
      return true;
    } catch (RuntimeException e) {
      return false;
    }
  }

  /** Whether this machine has such products. */
  static boolean isThere() {
    return IS_THERE;
  }

  /**
   * A matrix in half of its bits, where none that matters is lost.
   *
   * @param matrix (out, in), F32, contiguous
   */
  static Optional<HalfMatrix> of(Tensor matrix) {
    if (!IS_THERE || !matrix.handle().is_cpu()) {
      return Optional.empty();
    }
    if (fits(matrix, 1)) {
      return Optional.of(packed(matrix, 1));
    }
    double unit = unit(matrix);
    return fits(matrix, unit) ? Optional.of(packed(matrix, unit)) : Optional.empty();
  }

  /** What the largest element is divided by to be near fp16's largest. */
  private static double unit(Tensor matrix) {
    try (Scope _ = Scope.open()) {
      double most = new Tensor(matrix.handle().max()).item();
      double least = new Tensor(matrix.handle().min()).item();
      double largest = Math.max(most, -least);
      return largest > 0 ? Math.scalb(1, Math.getExponent(largest) + 1 - LARGEST) : 1;
    }
  }

  private static boolean fits(Tensor matrix, double unit) {
    long rows = Math.max(1, PIECE / matrix.size(1));
    for (long from = 0; from < matrix.size(0); from += rows) {
      try (Scope _ = Scope.open()) {
        Tensor piece =
            matrix.narrow(0, from, Math.min(rows, matrix.size(0) - from)).times(1 / unit);
        Tensor lost = piece.to(DType.F16).to(DType.F32).minusInPlace(piece);
        if (lost.abs().sum().item() != 0) { // or NaN
          return false;
        }
      }
    }
    return true;
  }

  private static HalfMatrix packed(Tensor matrix, double unit) {
    try (Scope _ = Scope.open()) {
      Tensor scaled = unit == 1 ? matrix : matrix.times(1 / unit);
      IValue packed = PACK.call(new IValue(scaled.handle()), NO_BIAS).value(0);
      return new HalfMatrix(packed, matrix.size(0), matrix.size(1), unit);
    }
  }

  @Override
  public long out() {
    return out;
  }

  @Override
  public long in() {
    return in;
  }

  @Override
  public DType dtype() {
    return DType.F32;
  }

  @Override
  public long bytes() {
    return out * in * DType.F16.bytes();
  }

  @Override
  public int rowsThatStandAlone() {
    return Integer.MAX_VALUE;
  }

  @Override
  public int rows(int least) {
    return Alike.rows(least);
  }

  @Override
  public Tensor linear(Tensor x) {
    int rows = Math.toIntExact(x.size(0));
    int padded = rows(rows);
    try (Scope scope = Scope.open()) {
      Tensor product = product(padded == rows ? x.contiguous() : padded(x, padded));
      return scope.keep(padded == rows ? product : product.narrow(0, 0, rows));
    }
  }

  private static Tensor padded(Tensor x, int rows) {
    Tensor padded = Tensor.zeros(DType.F32, rows, x.size(1));
    padded.narrow(0, 0, x.size(0)).copyFrom(x);
    return padded;
  }

  private Tensor product(Tensor x) {
    Tensor product = LINEAR.call(new IValue(x.handle()), packed).tensor(0);
    return unit == 1 ? product : product.timesInPlace(unit);
  }

  @Override
  public Tensor linearPlus(Tensor x, Tensor other) {
    try (Scope scope = Scope.open()) {
      return scope.keep(linear(x).plusInPlace(other));
    }
  }

  @Override
  public Tensor dense() {
    try (Scope scope = Scope.open()) {
      Tensor scaled = UNPACK.call(packed).tensor(0);
      return scope.keep(unit == 1 ? scaled : scaled.timesInPlace(unit));
    }
  }

  @Override
  public PackedMatrix transposed() {
    try (Scope _ = Scope.open()) {
      return packed(dense().transpose(0, 1).contiguous(), unit);
    }
  }

  @Override
  public PackedMatrix keep(Scope scope) {
    return this; // it is in none
  }

  @Override
  public PackedMatrix release(Scope scope) {
    return this;
  }

  @Override
  public void close() {
    packed.close();
  }

  /**
   * Numbers of rows whose products have the same bits row by row. FBGEMM's kernels for one and two
   * rows sum in another order than those for more; which kernels a number of rows takes hangs on
   * the processor, so it is tried.
   */
  private static final class Alike {
    /** More rows are taken so many at a time. */
    private static final int MOST = 120;

    private static final boolean[] ALIKE = tried();

    /** The smallest number of them from this one on. */
    static int rows(int least) {
      int rows = least;
      while (!ALIKE[rows % MOST]) {
        rows++;
      }
      return rows;
    }

    private static boolean[] tried() {
      try (Scope _ = Scope.open()) {
        HalfMatrix matrix = packed(Tensor.of(BlockedMatrix.waves(32 * 64), 32, 64), 1);
        float[] x = BlockedMatrix.waves(MOST * 64);
        float[] all = product(matrix, x, MOST);
        boolean[] alike = new boolean[MOST];
        alike[0] = true;
        for (int rows = 1; rows < MOST; rows++) {
          alike[rows] = Arrays.equals(product(matrix, x, rows), Arrays.copyOf(all, rows * 32));
        }
        matrix.close();
        return alike;
      }
    }

    private static float[] product(HalfMatrix matrix, float[] x, int rows) {
      return matrix.product(Tensor.of(Arrays.copyOf(x, rows * 64), rows, 64)).floats();
    }
  }
}
