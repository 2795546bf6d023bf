package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF file, version 2 or 3, mapped into memory: metadata and tensors under llama.cpp's names.
 * The layout is the specification's ({@code docs/gguf.md} of ggml). Opening checks every count,
 * length and offset, so that later reads stay inside the file.
 */
public final class Gguf implements AutoCloseable {
  private static final int MAGIC = 0x4655_4747; // "GGUF"
  private static final long ALIGNMENT = 32;
  private static final int MOST_AXES = 4;

  private final Path path;
  private final Runnable closing;
  private final Map<String, GgufValue> metadata;
  private final Map<String, Entry> tensors;

  /**
   * A tensor of the file.
   *
   * @param shape row-major: the reverse of the order in the file
   * @param bytes the mapped blocks
   */
  @SuppressWarnings("ArrayRecordComponent") // small, never changed
  public record Entry(String name, GgmlType type, long[] shape, MemorySegment bytes) {}

  /** A tensor's header, before its place is checked. */
  @SuppressWarnings("ArrayRecordComponent") // small, never changed
  private record Header(String name, GgmlType type, long[] shape, long offset, long bytes) {}

  private Gguf(
      Path path, Runnable closing, Map<String, GgufValue> metadata, Map<String, Entry> tensors) {
    this.path = path;
    this.closing = closing;
    this.metadata = Collections.unmodifiableMap(metadata);
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Opens a file and checks its whole header.
   *
   * @throws BadInput naming the file, the key or tensor, and what is wrong
   */
  public static Gguf open(Path path) {
    MappedFile file = MappedFile.open(path);
    try {
      return parse(path, file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /**
   * A file that is still to be written.
   *
   * @param path names it in errors
   * @param tensors with the bytes of those alone that are part of the configuration
   */
  static Gguf planned(Path path, Map<String, GgufValue> metadata, Map<String, Entry> tensors) {
    return new Gguf(path, () -> {}, metadata, tensors);
  }

  private static Gguf parse(Path path, MappedFile file) {
    GgufCursor cursor = new GgufCursor(path.toString(), file.bytes());
    if (file.bytes().byteSize() < 24 || cursor.u32("the magic number") != MAGIC) {
      throw new BadInput(path + ": not a GGUF file: it does not begin with GGUF and a header");
    }
    int version = cursor.u32("the version");
    if (version != 2 && version != 3) {
      throw new BadInput(
          path
              + ": GGUF version "
              + Integer.toUnsignedString(version)
              + (Integer.reverseBytes(version) < 256 ? " (a big-endian file)" : "")
              + "; only versions 2 and 3, little-endian, are read");
    }
    int tensorCount = cursor.count("the number of tensors", 4 * 8);
    int keyCount = cursor.count("the number of metadata keys", 8 + 4 + 1);
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    for (int i = 0; i < keyCount; i++) {
      String key = cursor.string("the name of metadata key " + i);
      if (metadata.put(key, cursor.value("metadata " + key)) != null) {
        throw cursor.fault("metadata " + key + " comes twice");
      }
    }
    List<Header> headers = headers(cursor, tensorCount);
    long alignment = alignment(path, metadata);
    long start = Math.ceilDiv(cursor.position(), alignment) * alignment;
    return new Gguf(
        path, file::close, metadata, place(path, file.bytes(), start, alignment, headers));
  }

  private static long alignment(Path path, Map<String, GgufValue> metadata) {
    GgufValue value = metadata.get("general.alignment");
    if (value == null) {
      return ALIGNMENT;
    }
    if (value instanceof GgufValue.Whole whole
        && whole.value() > 0
        && whole.value() <= 1 << 20
        && Long.bitCount(whole.value()) == 1) {
      return whole.value();
    }
    throw new BadInput(path + ": general.alignment is no power of two up to a mebibyte");
  }

  private static List<Header> headers(GgufCursor cursor, int count) {
    List<Header> headers = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      String name = cursor.string("the name of tensor " + i);
      int axes = cursor.u32("the number of axes of tensor " + name);
      if (axes < 1 || axes > MOST_AXES) {
        throw cursor.fault(
            "tensor " + name + " has " + Integer.toUnsignedString(axes) + " axes, not 1 to 4");
      }
      long[] shape = new long[axes];
      for (int axis = axes - 1; axis >= 0; axis--) {
        shape[axis] = cursor.u64("the shape of tensor " + name);
      }
      int id = cursor.u32("the type of tensor " + name);
      GgmlType type =
          GgmlType.of(id)
              .orElseThrow(
                  () ->
                      cursor.fault(
                          "tensor "
                              + name
                              + " has the unknown ggml type "
                              + Integer.toUnsignedString(id)));
      long offset = cursor.u64("the offset of tensor " + name);
      headers.add(new Header(name, type, shape, offset, bytes(cursor, name, type, shape)));
    }
    return headers;
  }

  /** Bytes of a tensor; 0 for types that cannot be read, which are refused together later. */
  private static long bytes(GgufCursor cursor, String name, GgmlType type, long[] shape) {
    Optional<BlockFormat> format = type.format();
    try {
      long elements = 1;
      for (long size : shape) {
        if (size < 1) {
          throw cursor.fault("tensor " + name + " has an axis of size " + size);
        }
        elements = Math.multiplyExact(elements, size);
      }
      long row = shape[shape.length - 1];
      if (format.isPresent() && row % format.get().elements() != 0) {
        throw cursor.fault(
            "tensor " + name + " has rows of " + row + ", which " + type + " cannot divide");
      }
      return format.isPresent() ? format.get().bytesOf(elements) : 0;
    } catch (ArithmeticException e) {
      throw cursor.fault("tensor " + name + " has more elements than a file can hold");
    }
  }

  private static Map<String, Entry> place(
      Path path, MemorySegment bytes, long start, long alignment, List<Header> headers) {
    Problems problems = new Problems();
    Map<String, Entry> tensors = new LinkedHashMap<>();
    long end = 0;
    for (Header header :
        headers.stream()
            .sorted(Comparator.comparingLong(Header::offset).thenComparingLong(Header::bytes))
            .toList()) {
      long room = bytes.byteSize() - start;
      if (header.type.format().isEmpty()) {
        problems.add("tensor " + header.name + " is of type " + header.type);
        continue;
      }
      if (header.offset < 0
          || header.offset % alignment != 0
          || header.bytes > room - header.offset) {
        throw new BadInput(
            path
                + ": tensor "
                + header.name
                + " lies at offset "
                + Long.toUnsignedString(header.offset)
                + " with "
                + header.bytes
                + " bytes, outside the file's "
                + Math.max(0, room)
                + " bytes of data or not aligned to "
                + alignment
                + "; the file is cut off or damaged");
      }
      if (header.offset < end) {
        throw new BadInput(path + ": tensor " + header.name + " overlaps the one before it");
      }
      end = header.offset + header.bytes;
      Entry entry =
          new Entry(
              header.name,
              header.type,
              header.shape,
              bytes.asSlice(start + header.offset, header.bytes));
      if (tensors.put(header.name, entry) != null) {
        throw new BadInput(path + ": tensor " + header.name + " comes twice");
      }
    }
    problems.throwIfAny(path + ": only the types " + GgmlType.readable() + " can be read");
    return tensors;
  }

  /** The file. */
  public Path path() {
    return path;
  }

  /** All metadata in the order of the file. */
  public Map<String, GgufValue> metadata() {
    return metadata;
  }

  /** All tensors under llama.cpp's names. */
  public Map<String, Entry> tensors() {
    return tensors;
  }

  /** A string of the metadata, if there. */
  public Optional<String> text(String key) {
    return value(key, GgufValue.Text.class, "a string").map(GgufValue.Text::value);
  }

  /** A whole number of the metadata, if there. */
  public Optional<Long> whole(String key) {
    return value(key, GgufValue.Whole.class, "a whole number").map(GgufValue.Whole::value);
  }

  /** A floating-point number of the metadata, if there. */
  public Optional<Double> real(String key) {
    return value(key, GgufValue.Real.class, "a floating-point number").map(GgufValue.Real::value);
  }

  /** True or false in the metadata, if there. */
  public Optional<Boolean> flag(String key) {
    return value(key, GgufValue.Flag.class, "true or false").map(GgufValue.Flag::value);
  }

  /** An array of strings of the metadata, if there. */
  public Optional<List<String>> texts(String key) {
    return value(key, GgufValue.Texts.class, "an array of strings").map(GgufValue.Texts::values);
  }

  /**
   * A value of the metadata, if there.
   *
   * @throws BadInput if it is of another type
   */
  public <V extends GgufValue> Optional<V> value(String key, Class<V> type, String expected) {
    GgufValue value = metadata.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!type.isInstance(value)) {
      throw new BadInput(path + ": metadata " + key + " is not " + expected);
    }
    return Optional.of(type.cast(value));
  }

  @Override
  public void close() {
    closing.run();
  }
}
