package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;

/**
 * Turns stored weights into elements of a floating type, piece by piece and in parallel, without a
 * whole copy in between. Narrowing rounds to nearest even. NaN and infinite weights are refused;
 * the check costs one vectorised comparison of exponents per element.
 */
final class Conversion {
  /** Elements of one parallel task, and of the buffers inside it; multiples of every block. */
  private static final int TASK = 1 << 18;

  private static final int BUFFER = 1 << 12;
  private static final int EXPONENT = 0x7f80_0000;

  private static final ValueLayout.OfFloat FLOATS = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfShort SHORTS = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfDouble DOUBLES = ValueLayout.JAVA_DOUBLE_UNALIGNED;

  private final BlockFormat format;
  private final MemorySegment stored;
  private final Adjustment adjustment;
  private final DType type;
  private final MemorySegment out;
  private final long elements;

  /**
   * What stands between the file and the Hugging Face layout.
   *
   * @param rowElements elements of one row, where rows change places; else 0
   * @param sourceRow the stored row of each row that is wanted
   * @param added to every element
   */
  record Adjustment(long rowElements, LongUnaryOperator sourceRow, float added) {
    static final Adjustment NONE = new Adjustment(0, LongUnaryOperator.identity(), 0);

    /** The same where the rows that are wanted begin at {@code first}. */
    Adjustment from(long first) {
      return rowElements == 0
          ? this
          : new Adjustment(rowElements, row -> sourceRow.applyAsLong(first + row), added);
    }
  }

  private Conversion(
      BlockFormat format,
      MemorySegment stored,
      Adjustment adjustment,
      DType type,
      MemorySegment out) {
    this.format = format;
    this.stored = stored;
    this.adjustment = adjustment;
    this.type = type;
    this.out = out;
    this.elements = out.byteSize() / type.bytes();
  }

  /**
   * Fills {@code out} with all elements.
   *
   * @param where named in the error: file and tensor
   * @throws BadInput if a weight is not finite, or is not finite in {@code type}
   */
  static void convert(
      String where,
      BlockFormat format,
      MemorySegment stored,
      Adjustment adjustment,
      TypedMemory out) {
    long bad =
        new Conversion(format, stored, adjustment, out.type(), out.memory()).firstNotFinite();
    if (bad < Long.MAX_VALUE) {
      throw new BadInput(
          where
              + ": element "
              + bad
              + " is NaN, infinite or too large for "
              + out.type()
              + "; the weights are damaged, fetch or train them again");
    }
  }

  /** Where elements of a floating type go. */
  record TypedMemory(MemorySegment memory, DType type) {}

  /** Converts everything; the smallest index of an element that is not finite, or the maximum. */
  private long firstNotFinite() {
    long unit = adjustment.rowElements == 0 ? TASK : adjustment.rowElements;
    long units = (elements + unit - 1) / unit;
    long unitsPerTask = Math.max(1, TASK / unit);
    long tasks = (units + unitsPerTask - 1) / unitsPerTask;
    return LongStream.range(0, tasks)
        .parallel()
        .map(
            task -> {
              Buffers buffers = new Buffers(new byte[(int) format.bytesOf(BUFFER)]);
              long bad = Long.MAX_VALUE;
              long end = Math.min(units, (task + 1) * unitsPerTask);
              for (long u = task * unitsPerTask; u < end; u++) {
                long from = adjustment.sourceRow.applyAsLong(u) * unit;
                bad =
                    Math.min(
                        bad, run(from, u * unit, Math.min(unit, elements - u * unit), buffers));
              }
              return bad;
            })
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /** One task's memory. */
  @SuppressWarnings("ArrayRecordComponent") // working memory, not a value
  private record Buffers(byte[] blocks, float[] floats, short[] shorts, double[] doubles) {
    Buffers(byte[] blocks) {
      this(blocks, new float[BUFFER], new short[BUFFER], new double[BUFFER]);
    }
  }

  private long run(long from, long to, long count, Buffers buffers) {
    for (long done = 0; done < count; done += BUFFER) {
      int now = (int) Math.min(BUFFER, count - done);
      decode(from + done, now, buffers);
      int bad = write(to + done, now, buffers);
      if (bad >= 0) {
        return to + done + bad;
      }
    }
    return Long.MAX_VALUE;
  }

  private void decode(long from, int count, Buffers buffers) {
    int bytes = (int) format.bytesOf(count);
    MemorySegment.copy(
        stored, ValueLayout.JAVA_BYTE, format.bytesOf(from), buffers.blocks, 0, bytes);
    format.decoder().decode(buffers.blocks, buffers.floats, count / format.elements());
    if (adjustment.added != 0) {
      for (int i = 0; i < count; i++) {
        buffers.floats[i] += adjustment.added;
      }
    }
  }

  /** Writes a buffer; the index of the first element that is not finite, or -1. */
  private int write(long to, int count, Buffers buffers) {
    float[] floats = buffers.floats;
    int bad = firstNotFinite(floats, count);
    if (bad >= 0) {
      return bad;
    }
    return switch (type) {
      case F32 -> {
        MemorySegment.copy(floats, 0, out, FLOATS, 4 * to, count);
        yield -1;
      }
      case F64 -> {
        for (int i = 0; i < count; i++) {
          buffers.doubles[i] = floats[i];
        }
        MemorySegment.copy(buffers.doubles, 0, out, DOUBLES, 8 * to, count);
        yield -1;
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          buffers.shorts[i] = bfloat16(floats[i]);
        }
        MemorySegment.copy(buffers.shorts, 0, out, SHORTS, 2 * to, count);
        yield firstWithExponent(buffers.shorts, count, (short) 0x7f80);
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          buffers.shorts[i] = Float.floatToFloat16(floats[i]);
        }
        MemorySegment.copy(buffers.shorts, 0, out, SHORTS, 2 * to, count);
        yield firstWithExponent(buffers.shorts, count, (short) 0x7c00);
      }
      case I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException("weights are read as a floating type, not " + type);
    };
  }

  /** The nearest bfloat16 of a finite number, ties to even. */
  static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  private static int firstNotFinite(float[] floats, int count) {
    int largest = 0;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, Float.floatToRawIntBits(floats[i]) & EXPONENT);
    }
    if (largest < EXPONENT) {
      return -1;
    }
    int at = 0;
    while (Float.isFinite(floats[at])) {
      at++;
    }
    return at;
  }

  private static int firstWithExponent(short[] shorts, int count, short exponent) {
    int largest = 0;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, shorts[i] & exponent);
    }
    if (largest < exponent) {
      return -1;
    }
    int at = 0;
    while ((shorts[at] & exponent) != exponent) {
      at++;
    }
    return at;
  }
}
