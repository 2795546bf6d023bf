package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Tensor;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** A module's weights in few bits each. It lives until closed. */
sealed interface QuantisedMatrix extends AutoCloseable permits Nf4Matrix, Int8Matrix {
  long rows();

  long columns();

  /** Memory that it takes. */
  long bytes();

  /** This where it lies there already; else a copy on the device, and this is closed. */
  QuantisedMatrix on(Device device);

  /**
   * All weights, (rows, columns), in the scope that is open, by operations of libtorch: the same
   * bits as {@link #dequantise} writes, wherever the codes lie.
   *
   * @param type F32 or BF16
   */
  Tensor dense(DType type);

  /** Writes all weights, row by row, as F32 or BF16; on the CPU. */
  void dequantise(Conversion.TypedMemory out);

  @Override
  void close();

  /** Runs pieces of work on all processors; what they give must not hang on their order. */
  static void parallel(long pieces, IntConsumer work) {
    IntStream.range(0, Math.toIntExact(pieces)).parallel().forEach(work);
  }
}
