package dev.palimpsest.tensor;

/**
 * A matrix, (out, in), in a layout in which it is multiplied: its products need not lay it out
 * anew, which for few rows takes as long as the product (docs/decisions/packed-weights.md).
 */
public sealed interface PackedMatrix extends AutoCloseable permits BlockedMatrix, HalfMatrix {

  /** Whether products with such a matrix gain by it on this machine. */
  static boolean pays(Tensor matrix) {
    return pays(matrix.dtype()) && matrix.handle().is_cpu();
  }

  /** The same of any matrix of a type in this machine's memory. */
  static boolean pays(DType type) {
    return type == DType.BF16 ? Cpu.hasBf16() : type == DType.F32 && Cpu.hasAvx2();
  }

  /** Whether {@link #half} takes the place of products in bf16, which are not there. */
  static boolean paysInHalf() {
    return !Device.best().hasBf16() && HalfMatrix.isThere();
  }

  /**
   * Lays out a matrix, which stays as it is.
   *
   * @param matrix (out, in)
   */
  static PackedMatrix of(Tensor matrix) {
    return new BlockedMatrix(OneDnn.laidOut(matrix));
  }

  /**
   * The same with 16 bits an element, whose products are F32; as {@link #of}, of F32, where that
   * would lose bits.
   *
   * @param matrix (out, in), BF16 or F32
   */
  static PackedMatrix half(Tensor matrix) {
    try (Scope scope = Scope.open()) {
      Tensor wide = matrix.to(DType.F32);
      PackedMatrix packed =
          HalfMatrix.of(wide).<PackedMatrix>map(it -> it).orElseGet(() -> of(wide));
      return packed.keep(scope);
    }
  }

  /** Rows: width of the outputs. */
  long out();

  /** Columns: width of the inputs. */
  long in();

  /** Type of the products. */
  DType dtype();

  /** Memory that it takes. */
  long bytes();

  /**
   * Products of 1, 2, 4, … and at most so many rows give each row the same bits, whatever the other
   * rows; all products do, where it is {@link Integer#MAX_VALUE}.
   */
  int rowsThatStandAlone();

  /** The smallest number of rows from this one on that is multiplied as it is. */
  default int rows(int least) {
    return least;
  }

  /**
   * x · Wᵀ.
   *
   * @param x (rows, in), the products' type
   */
  Tensor linear(Tensor x);

  /**
   * x · Wᵀ + other.
   *
   * @param x (rows, in), the products' type
   * @param other (rows, out), the same
   */
  Tensor linearPlus(Tensor x, Tensor other);

  /** The matrix itself, bit by bit, in the products' type. */
  Tensor dense();

  /** The transpose in the same layout. */
  PackedMatrix transposed();

  /** Hands it from a scope to the one around it. */
  PackedMatrix keep(Scope scope);

  /** Takes it out of every scope: it lives until closed. */
  PackedMatrix release(Scope scope);

  @Override
  void close();
}
