package dev.palimpsest.tensor;

import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.NumberType;
import org.bytedeco.pytorch.OptionalType;
import org.bytedeco.pytorch.Type;

/**
 * Matrix products by oneDNN, on OpenMP's threads. The operations are those of ATen's
 * mkldnn/Linear.cpp, which takes a weight as it lies or laid out by {@link #laidOut}.
 *
 * <p>libtorch sends fp32 products there by itself only where the processor has AVX-512; without, or
 * where {@link Workers} compute, they go to OpenBLAS, which has one thread ({@link
 * Native#threads}).
 */
final class OneDnn {
  private static final Operator LAY_OUT = new Operator("mkldnn::_reorder_linear_weight");
  private static final Operator LINEAR = new Operator("mkldnn::_linear_pointwise");
  private static final Operator LINEAR_PLUS = new Operator("mkldnn::_linear_pointwise", "binary");
  private static final IValue NONE = Operator.lasting(new IValue());
  private static final IValue NOTHING_AFTER = Operator.lasting(new IValue("none"));
  private static final IValue ADD = Operator.lasting(new IValue("add"));
  private static final IValue NO_SCALARS = Operator.lasting(new IValue(scalars()));
  private static final IValue NO_ALGORITHM = Operator.lasting(new IValue(""));

  /** Multiplications from which a second thread pays for looking the product up. */
  private static final long LEAST = 1 << 22;

  /** Most elements of a weight that are laid out anew at a time. */
  private static final long PIECE = 1 << 22;

  // asked at each product
  private static final boolean IS_THERE = Cpu.hasAvx2();
  private static final boolean IS_CHOSEN = Cpu.hasAvx512();

  private OneDnn() {}

  private static GenericList scalars() {
    Type.TypePtr scalar = new Type.TypePtr(NumberType.getNumberIntTypePtr().get());
    return new GenericList(OptionalType.get(scalar));
  }

  /** Whether x · w, (rows, width), is a product that libtorch would leave to one thread. */
  static boolean isFor(Tensor x, Tensor w, long width) {
    return isLeftOut() && x.count() * width >= LEAST && multiplies(x) && multiplies(w);
  }

  /** Whether libtorch computes a product in fp32 on one thread of several. */
  static boolean isLeftOut() {
    return IS_THERE && (!IS_CHOSEN || Native.isApart()) && Native.threads() > 1;
  }

  /** Whether it is a matrix in fp32 here, of no graph. */
  static boolean multiplies(Tensor x) {
    return x.handle().dim() == 2 && x.dtype() == DType.F32 && x.handle().is_cpu() && !x.recorded();
  }

  /**
   * x · wᵀ. An x that does not lie row by row is copied first, so the shorter of the two takes its
   * place.
   *
   * @param x (rows, in), any strides
   * @param w (out, in), any strides
   */
  static Tensor product(Tensor x, Tensor w) {
    return x.handle().is_contiguous() || x.size(0) <= w.size(0)
        ? inPieces(x, w)
        : inPieces(w, x).transpose(0, 1);
  }

  /** A long weight is taken in pieces, since oneDNN makes a copy of it that is laid out. */
  private static Tensor inPieces(Tensor x, Tensor w) {
    long in = w.size(1);
    long piece = Math.max(w.size(0), PIECE / w.size(0));
    try (Scope scope = Scope.open()) {
      if (in <= piece) {
        return scope.keep(linear(x, dense(w)));
      }
      Tensor sum = linear(x.narrow(1, 0, piece), dense(w.narrow(1, 0, piece)));
      for (long from = piece; from < in; from += piece) {
        long length = Math.min(piece, in - from);
        sum = linearPlus(x.narrow(1, from, length), dense(w.narrow(1, from, length)), sum);
      }
      return scope.keep(sum);
    }
  }

  /**
   * Of a weight with gaps between rows or columns a copy: oneDNN has plain loops alone for it,
   * which take a thousand times as long.
   */
  private static Tensor dense(Tensor w) {
    long toRow = w.handle().stride(0);
    long toColumn = w.handle().stride(1);
    boolean isDense =
        (toColumn == 1 && toRow == w.size(1)) || (toRow == 1 && toColumn == w.size(0));
    return isDense ? w : w.contiguous();
  }

  /** A weight, (out, in), laid out for its products; the tensor itself stays as it is. */
  static Tensor laidOut(Tensor weight) {
    try (Scope scope = Scope.open()) {
      return scope.keep(LAY_OUT.call(new IValue(weight.handle()), NONE).tensor(0));
    }
  }

  /**
   * x · wᵀ.
   *
   * @param x (rows, in)
   * @param w (out, in), any strides, or laid out
   */
  static Tensor linear(Tensor x, Tensor w) {
    try (Scope scope = Scope.open()) {
      IValue input = new IValue(x.handle());
      IValue weight = new IValue(w.handle());
      return scope.keep(
          LINEAR.call(input, weight, NONE, NOTHING_AFTER, NO_SCALARS, NO_ALGORITHM).tensor(0));
    }
  }

  /**
   * x · wᵀ + other.
   *
   * @param other (rows, out)
   */
  static Tensor linearPlus(Tensor x, Tensor w, Tensor other) {
    try (Scope scope = Scope.open()) {
      IValue input = new IValue(x.handle());
      IValue added = new IValue(other.handle());
      IValue weight = new IValue(w.handle());
      return scope.keep(LINEAR_PLUS.call(input, added, weight, NONE, ADD).tensor(0));
    }
  }
}
