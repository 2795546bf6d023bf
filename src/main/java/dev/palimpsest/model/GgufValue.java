package dev.palimpsest.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A metadata value of a GGUF file, with the type that the file gives it. */
public sealed interface GgufValue {
  /** The element types of metadata, by their number in a file. */
  enum Type {
    U8(0, 1),
    I8(1, 1),
    U16(2, 2),
    I16(3, 2),
    U32(4, 4),
    I32(5, 4),
    F32(6, 4),
    BOOL(7, 1),
    /** Its length takes eight bytes, then come the bytes. */
    STRING(8, 8),
    /** Its element type takes four bytes, its length eight. */
    ARRAY(9, 12),
    U64(10, 8),
    I64(11, 8),
    F64(12, 8);

    private final int id;
    private final int leastBytes;

    Type(int id, int leastBytes) {
      this.id = id;
      this.leastBytes = leastBytes;
    }

    /** The number that stands for the type in a file. */
    public int id() {
      return id;
    }

    /** The fewest bytes a value of this type takes. */
    int leastBytes() {
      return leastBytes;
    }

    static Optional<Type> of(int id) {
      return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
    }
  }

  /** A whole number; U64 beyond the range of a long wraps. */
  record Whole(Type type, long value) implements GgufValue {}

  /** A floating-point number. */
  record Real(Type type, double value) implements GgufValue {}

  /** True or false. */
  record Flag(boolean value) implements GgufValue {}

  /** A string. */
  record Text(String value) implements GgufValue {}

  /** An array of whole numbers or flags (1 and 0). */
  @SuppressWarnings("ArrayRecordComponent") // a vocabulary's worth, never changed
  record Wholes(Type element, long[] values) implements GgufValue {}

  /** An array of floating-point numbers. */
  @SuppressWarnings("ArrayRecordComponent") // a vocabulary's worth, never changed
  record Reals(Type element, double[] values) implements GgufValue {}

  /** An array of strings. */
  record Texts(List<String> values) implements GgufValue {
    /** Copies. */
    public Texts {
      values = List.copyOf(values);
    }
  }

  /** An array of arrays. */
  record Lists(List<GgufValue> values) implements GgufValue {
    /** Copies. */
    public Lists {
      values = List.copyOf(values);
    }
  }
}
