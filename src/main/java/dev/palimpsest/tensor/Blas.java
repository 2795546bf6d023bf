package dev.palimpsest.tensor;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The matrix by vector product of the OpenBLAS that libtorch brings, called a thousand times a
 * step: without an object a call, and without laying the matrix out anew, as its matrix by matrix
 * product does.
 */
final class Blas {
  /** Of CBLAS. */
  static final int ROW_MAJOR = 101;

  // a constant itself, not what a constant holds: only then is a call of it compiled in place
  private static final @Nullable MethodHandle SGEMV = sgemv().orElse(null);

  private Blas() {}

  /** What is multiplied: the matrix as it lies, or its transpose. Values of CBLAS. */
  enum Form {
    PLAIN(111),
    TRANSPOSED(112);

    final int code;

    Form(int code) {
      this.code = code;
    }
  }

  /**
   * A matrix whose rows lie apart.
   *
   * @param elements from its first one on, F32
   * @param stride elements from one row to the next
   */
  record Matrix(MemorySegment elements, int rows, int columns, int stride) {
    private float at(int row, int column) {
      return elements.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * stride + column);
    }
  }

  /** Vectors may lie in Java's heap: a call takes microseconds, and no collection waits longer. */
  private static Optional<MethodHandle> sgemv() {
    return function(
        "cblas_sgemv",
        FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_FLOAT,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_FLOAT,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT),
        Linker.Option.critical(true));
  }

  /** One of OpenBLAS's functions; empty where libtorch brings none. */
  @SuppressWarnings("restricted") // the addresses are those of tensors and arrays
  static Optional<MethodHandle> function(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    Native.load();
    return SymbolLookup.loaderLookup()
        .find(name)
        .map(found -> Linker.nativeLinker().downcallHandle(found, descriptor, options));
  }

  /** Overwrites a vector with factor · matrix · x. */
  static void product(MemorySegment into, float factor, Matrix matrix, Form form, MemorySegment x) {
    if (SGEMV == null) {
      plainProduct(into, factor, matrix, form, x);
      return;
    }
    try {
      SGEMV.invokeExact(
          ROW_MAJOR,
          form.code,
          matrix.rows,
          matrix.columns,
          factor,
          matrix.elements,
          matrix.stride,
          x,
          1,
          0f,
          into,
          1);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("cblas_sgemv", e);
    }
  }

  /** The same where libtorch brings no OpenBLAS. */
  static void plainProduct(
      MemorySegment into, float factor, Matrix matrix, Form form, MemorySegment x) {
    boolean plain = form == Form.PLAIN;
    float[] sums = new float[plain ? matrix.rows : matrix.columns];
    for (int row = 0; row < matrix.rows; row++) {
      for (int column = 0; column < matrix.columns; column++) {
        float right = x.getAtIndex(ValueLayout.JAVA_FLOAT, plain ? column : row);
        sums[plain ? row : column] += matrix.at(row, column) * right;
      }
    }
    for (int i = 0; i < sums.length; i++) {
      into.setAtIndex(ValueLayout.JAVA_FLOAT, i, factor * sums[i]);
    }
  }
}
