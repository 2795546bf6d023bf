package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;

/** Packs floats into blocks, piece by piece and in parallel. */
final class Packing {
  /** Elements of one piece; a multiple of every block. */
  private static final int PIECE = 1 << 14;

  private static final ValueLayout.OfFloat FLOATS = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private Packing() {}

  /**
   * Packs whole blocks.
   *
   * @throws BadInput naming the first number that is not finite, before or in the type's rounding:
   *     a scale beyond what F16 holds is infinite, and so would be all of its block
   */
  static byte[] encode(String where, GgmlType type, MemorySegment floats) {
    BlockFormat format = type.format().orElseThrow();
    BlockFormat.Encoder encoder =
        format
            .encoder()
            .orElseThrow(() -> new BadInput(where + ": " + type + " is read, but not written"));
    long elements = floats.byteSize() / Float.BYTES;
    if (elements % format.elements() != 0) {
      throw new IllegalArgumentException(
          where + ": " + elements + " elements are no whole blocks of " + type);
    }
    byte[] packed = new byte[Math.toIntExact(format.bytesOf(elements))];
    int pieces = Math.toIntExact(Math.ceilDiv(elements, PIECE));
    long bad =
        IntStream.range(0, pieces)
            .parallel()
            .mapToLong(
                piece -> {
                  long from = (long) piece * PIECE;
                  int count = (int) Math.min(PIECE, elements - from);
                  float[] in = new float[count];
                  MemorySegment.copy(floats, FLOATS, Float.BYTES * from, in, 0, count);
                  byte[] out = new byte[(int) format.bytesOf(count)];
                  encoder.encode(in, out, count / format.elements());
                  System.arraycopy(out, 0, packed, (int) format.bytesOf(from), out.length);
                  format.decoder().decode(out, in, count / format.elements());
                  int at = firstNotFinite(in);
                  return at < 0 ? Long.MAX_VALUE : from + at;
                })
            .min()
            .orElse(Long.MAX_VALUE);
    if (bad < Long.MAX_VALUE) {
      throw new BadInput(where + ": element " + bad + " is NaN, infinite or too large for " + type);
    }
    return packed;
  }

  private static int firstNotFinite(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        return i;
      }
    }
    return -1;
  }
}
