package dev.palimpsest.tensor;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * C + A · B where C lies, by OpenBLAS: the product itself, which may be as large as a model's
 * largest weight, does not go through memory. Each of libtorch's threads adds to a share of C.
 */
final class Sgemm {
  private static final Optional<MethodHandle> SGEMM = sgemm();

  /** Multiplications from which a second thread pays for waking it. */
  private static final long LEAST = 1 << 20;

  private Sgemm() {}

  private static Optional<MethodHandle> sgemm() {
    return Blas.function(
        "cblas_sgemm",
        FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_FLOAT,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_FLOAT,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT));
  }

  /** Whether c + a · b is a sum that libtorch would leave to one thread. */
  static boolean isFor(Tensor c, Tensor a, Tensor b) {
    return OneDnn.isLeftOut()
        && OneDnn.multiplies(a)
        && OneDnn.multiplies(b)
        && addsTo(c)
        && fits(c, a, b)
        && c.count() * a.size(1) >= LEAST;
  }

  // libtorch says what is wrong with any other, a pointer does not
  private static boolean fits(Tensor c, Tensor a, Tensor b) {
    return a.size(0) == c.size(0) && a.size(1) == b.size(0) && b.size(1) == c.size(1);
  }

  /** Whether a tensor can be C. */
  static boolean addsTo(Tensor c) {
    return SGEMM.isPresent()
        && OneDnn.multiplies(c)
        && c.handle().stride(1) == 1
        && c.handle().stride(0) >= c.size(1);
  }

  /**
   * Adds factor · a · b.
   *
   * @param c (m, n), as {@link #addsTo} has it
   * @param a (m, k), F32, any strides
   * @param b (k, n), F32, any strides
   */
  static void add(Tensor c, Tensor a, Tensor b, float factor) {
    int threads = Native.threads();
    boolean tall = c.size(0) >= c.size(1);
    long length = tall ? c.size(0) : c.size(1);
    try (Scope _ = Scope.open()) {
      Factor left = Factor.of(a);
      Factor right = Factor.of(b);
      Sum sum = new Sum(c.address(), c.handle().stride(0), c.size(0), c.size(1), a.size(1));
      Team.each(
          threads,
          thread -> {
            long from = length * thread / threads;
            long count = length * (thread + 1) / threads - from;
            if (tall) {
              sum.rows(from, count).add(left.fromRow(from), right, factor);
            } else {
              sum.columns(from, count).add(left, right.fromColumn(from), factor);
            }
          });
    }
  }

  /**
   * A or B.
   *
   * @param stride elements from one row of what is stored to the next
   */
  private record Factor(long address, Blas.Form form, long stride) {

    /** Of a matrix; of a copy where neither its rows nor its columns lie in one piece. */
    static Factor of(Tensor matrix) {
      long toRow = matrix.handle().stride(0);
      long toColumn = matrix.handle().stride(1);
      if (toColumn == 1 && toRow >= matrix.size(1)) {
        return new Factor(matrix.address(), Blas.Form.PLAIN, toRow);
      }
      if (toRow == 1 && toColumn >= matrix.size(0)) {
        return new Factor(matrix.address(), Blas.Form.TRANSPOSED, toColumn);
      }
      return new Factor(matrix.contiguous().address(), Blas.Form.PLAIN, matrix.size(1));
    }

    Factor fromRow(long row) {
      return from(row * (form == Blas.Form.PLAIN ? stride : 1));
    }

    Factor fromColumn(long column) {
      return from(column * (form == Blas.Form.PLAIN ? 1 : stride));
    }

    private Factor from(long element) {
      return new Factor(address + element * Float.BYTES, form, stride);
    }
  }

  /**
   * A share of C.
   *
   * @param inner k
   */
  private record Sum(long address, long stride, long rows, long columns, long inner) {
    Sum rows(long from, long count) {
      return new Sum(address + from * stride * Float.BYTES, stride, count, columns, inner);
    }

    Sum columns(long from, long count) {
      return new Sum(address + from * Float.BYTES, stride, rows, count, inner);
    }

    void add(Factor a, Factor b, float factor) {
      try {
        SGEMM
            .orElseThrow()
            .invokeExact(
                Blas.ROW_MAJOR,
                a.form.code,
                b.form.code,
                (int) rows,
                (int) columns,
                (int) inner,
                factor,
                a.address,
                (int) a.stride,
                b.address,
                (int) b.stride,
                1f,
                address,
                (int) stride);
      } catch (Throwable e) {
        throw new IllegalStateException("cblas_sgemm", e);
      }
    }
  }
}
