package dev.palimpsest.model;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Writes GGUF files, version 3, tensor by tensor: only a piece of one is in memory at a time, and a
 * file appears whole or not at all. The layout is the specification's ({@code docs/gguf.md} of
 * ggml).
 */
final class GgufWriter {
  private static final int MAGIC = 0x4655_4747; // "GGUF"
  private static final int VERSION = 3;
  private static final int ALIGNMENT = 32;

  /** Of a tensor's name, with the zero that ends it in C (ggml.h, GGML_MAX_NAME). */
  private static final int MOST_NAME = 64;

  private final ByteArrayOutputStream header = new ByteArrayOutputStream();

  private GgufWriter() {}

  /**
   * A tensor to be written.
   *
   * @param shape row-major: the reverse of the order in the file
   */
  @SuppressWarnings("ArrayRecordComponent") // small, never changed
  record Plan(String name, GgmlType type, long[] shape) {
    /**
     * Its size in the file.
     *
     * @throws BadInput if the type has no blocks that fill its rows
     */
    long bytes() {
      BlockFormat format =
          type.format().orElseThrow(() -> new BadInput(name + ": " + type + " is not written"));
      long row = shape[shape.length - 1];
      if (row % format.elements() != 0) {
        throw new BadInput(
            "%s: has rows of %d, which %s cannot divide into blocks of %d; take another --type"
                .formatted(name, row, type, format.elements()));
      }
      long elements = 1;
      for (long size : shape) {
        elements = Math.multiplyExact(elements, size);
      }
      return format.bytesOf(elements);
    }
  }

  /** Writes the bytes of a planned tensor when its turn comes. */
  @FunctionalInterface
  interface Content {
    void write(Plan plan, OutputStream out) throws IOException;
  }

  /**
   * Writes one file.
   *
   * @param metadata in this order; without {@code general.alignment}
   * @throws dev.palimpsest.run.EnvironmentFailure naming the file, which is then as it was before
   */
  static void write(Path file, Map<String, GgufValue> metadata, List<Plan> plans, Content content) {
    byte[] header = new GgufWriter().header(metadata, plans);
    AtomicFile.write(
        file,
        out -> {
          out.write(header);
          pad(out, header.length);
          for (Plan plan : plans) {
            Counted counted = new Counted(out);
            content.write(plan, counted);
            if (counted.written != plan.bytes()) {
              throw new IllegalStateException(
                  plan.name + " has " + counted.written + " bytes, planned " + plan.bytes());
            }
            pad(out, counted.written);
          }
        });
  }

  private static void pad(OutputStream out, long written) throws IOException {
    out.write(new byte[(int) (-written & (ALIGNMENT - 1))]);
  }

  private byte[] header(Map<String, GgufValue> metadata, List<Plan> plans) {
    u32(MAGIC);
    u32(VERSION);
    u64(plans.size());
    u64(metadata.size());
    metadata.forEach(
        (key, value) -> {
          string(key);
          value(value);
        });
    long offset = 0;
    for (Plan plan : plans) {
      if (plan.name.getBytes(StandardCharsets.UTF_8).length >= MOST_NAME) {
        throw new BadInput(plan.name + ": ggml takes names of at most 63 bytes");
      }
      string(plan.name);
      u32(plan.shape.length);
      for (int axis = plan.shape.length - 1; axis >= 0; axis--) {
        u64(plan.shape[axis]);
      }
      u32(plan.type.id());
      u64(offset);
      offset += Math.ceilDiv(plan.bytes(), ALIGNMENT) * (long) ALIGNMENT;
    }
    return header.toByteArray();
  }

  private void value(GgufValue value) {
    u32(type(value).id());
    switch (value) {
      case GgufValue.Whole(var type, long whole) -> number(type, whole);
      case GgufValue.Real(var type, double real) -> number(type, real);
      case GgufValue.Flag(boolean flag) -> header.write(flag ? 1 : 0);
      case GgufValue.Text(String text) -> string(text);
      default -> elements(value);
    }
  }

  private void elements(GgufValue array) {
    switch (array) {
      case GgufValue.Wholes(var element, long[] values) -> {
        begin(element, values.length);
        for (long each : values) {
          number(element, each);
        }
      }
      case GgufValue.Reals(var element, double[] values) -> {
        begin(element, values.length);
        for (double each : values) {
          number(element, each);
        }
      }
      case GgufValue.Texts(List<String> values) -> {
        begin(GgufValue.Type.STRING, values.size());
        values.forEach(this::string);
      }
      case GgufValue.Lists(List<GgufValue> values) -> {
        begin(GgufValue.Type.ARRAY, values.size());
        values.forEach(this::elements);
      }
      default -> throw new IllegalArgumentException(array + " is no array");
    }
  }

  private void begin(GgufValue.Type element, int length) {
    u32(element.id());
    u64(length);
  }

  private static GgufValue.Type type(GgufValue value) {
    return switch (value) {
      case GgufValue.Whole whole -> whole.type();
      case GgufValue.Real real -> real.type();
      case GgufValue.Flag _ -> GgufValue.Type.BOOL;
      case GgufValue.Text _ -> GgufValue.Type.STRING;
      default -> GgufValue.Type.ARRAY;
    };
  }

  private void number(GgufValue.Type type, long value) {
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    header.write(bytes.array(), 0, type.leastBytes());
  }

  private void number(GgufValue.Type type, double value) {
    if (type == GgufValue.Type.F32) {
      u32(Float.floatToRawIntBits((float) value));
    } else {
      u64(Double.doubleToRawLongBits(value));
    }
  }

  private void u32(int value) {
    number(GgufValue.Type.U32, value);
  }

  private void u64(long value) {
    number(GgufValue.Type.U64, value);
  }

  private void string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    u64(bytes.length);
    header.writeBytes(bytes);
  }

  /** Passes on what it is given, and knows how much that was. */
  private static final class Counted extends OutputStream {
    private final OutputStream out;
    private long written;

    Counted(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      written++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      written += length;
    }
  }
}
