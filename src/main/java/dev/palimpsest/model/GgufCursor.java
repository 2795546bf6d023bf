package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads a GGUF header from front to back. Every length is checked against what is left of the file
 * before anything is allocated or read.
 */
final class GgufCursor {
  /** Arrays of arrays go no deeper than this. */
  private static final int DEEPEST = 4;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String file;
  private final MemorySegment bytes;
  private long at;

  GgufCursor(String file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  long position() {
    return at;
  }

  BadInput fault(String what) {
    return new BadInput(file + ": " + what + " (at byte " + at + ")");
  }

  private long take(long count, String what) {
    if (count < 0 || count > bytes.byteSize() - at) {
      throw fault(
          what
              + " takes "
              + Long.toUnsignedString(count)
              + " bytes and only "
              + (bytes.byteSize() - at)
              + " are left; the file is cut off or damaged");
    }
    long start = at;
    at += count;
    return start;
  }

  int u32(String what) {
    return bytes.get(INT, take(4, what));
  }

  long u64(String what) {
    return bytes.get(LONG, take(8, what));
  }

  /** A count of things that take at least {@code leastBytes} each. */
  int count(String what, int leastBytes) {
    long count = u64(what);
    if (count < 0
        || count > (bytes.byteSize() - at) / leastBytes
        || count > Integer.MAX_VALUE - 8) {
      throw fault(what + " is " + Long.toUnsignedString(count) + ", more than the file can hold");
    }
    return (int) count;
  }

  String string(String what) {
    int length = count("the length of " + what, 1);
    long start = take(length, what);
    byte[] encoded = new byte[length];
    MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, start, encoded, 0, length);
    String text = new String(encoded, StandardCharsets.UTF_8);
    // malformed bytes become replacement characters, which well-formed text hardly ever has
    if (text.indexOf('\uFFFD') >= 0
        && !Arrays.equals(text.getBytes(StandardCharsets.UTF_8), encoded)) {
      throw fault(what + " is not UTF-8 text");
    }
    return text;
  }

  GgufValue value(String key) {
    return value(key, type(key), 0);
  }

  private GgufValue.Type type(String key) {
    int id = u32("the type of " + key);
    return GgufValue.Type.of(id)
        .orElseThrow(() -> fault(key + " has the unknown type " + Integer.toUnsignedString(id)));
  }

  private GgufValue value(String key, GgufValue.Type type, int depth) {
    return switch (type) {
      case U8, I8, U16, I16, U32, I32, U64, I64 -> new GgufValue.Whole(type, whole(key, type));
      case BOOL -> new GgufValue.Flag(whole(key, type) != 0);
      case F32, F64 -> new GgufValue.Real(type, real(key, type));
      case STRING -> new GgufValue.Text(string(key));
      case ARRAY -> array(key, depth + 1);
    };
  }

  private GgufValue array(String key, int depth) {
    if (depth > DEEPEST) {
      throw fault(key + " nests arrays more than " + DEEPEST + " deep");
    }
    GgufValue.Type element = type(key);
    int count = count("the length of " + key, element.leastBytes());
    return switch (element) {
      case U8, I8, U16, I16, U32, I32, U64, I64, BOOL -> wholes(key, element, count);
      case F32, F64 -> reals(key, element, count);
      case STRING -> {
        List<String> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
          values.add(string(key));
        }
        yield new GgufValue.Texts(values);
      }
      case ARRAY -> {
        List<GgufValue> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
          values.add(array(key, depth + 1));
        }
        yield new GgufValue.Lists(values);
      }
    };
  }

  private GgufValue wholes(String key, GgufValue.Type element, int count) {
    long[] values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = whole(key, element);
    }
    return new GgufValue.Wholes(element, values);
  }

  private GgufValue reals(String key, GgufValue.Type element, int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = real(key, element);
    }
    return new GgufValue.Reals(element, values);
  }

  private long whole(String key, GgufValue.Type type) {
    return switch (type) {
      case U8, BOOL -> bytes.get(ValueLayout.JAVA_BYTE, take(1, key)) & 0xFFL;
      case I8 -> bytes.get(ValueLayout.JAVA_BYTE, take(1, key));
      case U16 -> bytes.get(SHORT, take(2, key)) & 0xFFFFL;
      case I16 -> bytes.get(SHORT, take(2, key));
      case U32 -> Integer.toUnsignedLong(u32(key));
      case I32 -> u32(key);
      case U64, I64 -> u64(key);
      case F32, F64, STRING, ARRAY -> throw new IllegalArgumentException(type + " is not whole");
    };
  }

  private double real(String key, GgufValue.Type type) {
    return type == GgufValue.Type.F32
        ? Float.intBitsToFloat(u32(key))
        : Double.longBitsToDouble(u64(key));
  }
}
