package dev.palimpsest.model;

import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** A module's weights in few bits each. It lives until closed. */
sealed interface QuantisedMatrix extends AutoCloseable permits Nf4Matrix, Int8Matrix {
  long rows();

  long columns();

  /** Memory that it takes. */
  long bytes();

  /** Writes all weights, row by row, as F32 or BF16. */
  void dequantise(Conversion.TypedMemory out);

  @Override
  void close();

  /** Runs pieces of work on all processors; what they give must not hang on their order. */
  static void parallel(long pieces, IntConsumer work) {
    IntStream.range(0, Math.toIntExact(pieces)).parallel().forEach(work);
  }
}
