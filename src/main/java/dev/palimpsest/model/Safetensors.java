package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * A safetensors file mapped into memory: eight bytes of header length, a JSON header, and the
 * elements of all tensors end to end. Opening checks that the tensors tile the data exactly, as the
 * format's own reader demands, so that later reads stay inside the file.
 */
public final class Safetensors implements AutoCloseable {
  /** The format's own limit on the header. */
  private static final long LONGEST_HEADER = 100_000_000;

  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final MappedFile file;
  private final Map<String, String> metadata;
  private final Map<String, Entry> tensors;

  /**
   * A tensor of the file.
   *
   * @param shape row-major
   * @param bytes the mapped elements, little-endian
   */
  @SuppressWarnings("ArrayRecordComponent") // small, handed to libtorch as it is
  public record Entry(String name, DType type, long[] shape, MemorySegment bytes) {}

  /** What the header says of a tensor, before its place is checked. */
  @SuppressWarnings("ArrayRecordComponent") // small, never changed
  private record Header(String name, DType type, long[] shape, long begin, long end) {}

  private Safetensors(
      Path path, MappedFile file, Map<String, String> metadata, Map<String, Entry> tensors) {
    this.path = path;
    this.file = file;
    this.metadata = Collections.unmodifiableMap(metadata);
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Opens a file and checks its whole header.
   *
   * @throws BadInput naming the file, the tensor, and what is wrong
   */
  public static Safetensors open(Path path) {
    MappedFile file = MappedFile.open(path);
    try {
      return parse(path, file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static Safetensors parse(Path path, MappedFile file) {
    MemorySegment all = file.bytes();
    long length = all.byteSize() < 8 ? -1 : all.get(LENGTH, 0);
    if (length < 2 || length > all.byteSize() - 8 || length > LONGEST_HEADER) {
      throw new BadInput(
          path
              + ": not a safetensors file, or cut off: the header claims "
              + Long.toUnsignedString(length)
              + " bytes of a file of "
              + all.byteSize());
    }
    JsonNode header = Json.parse(text(path, all.asSlice(8, length)), path + ", header");
    if (!header.isObject()) {
      throw new BadInput(path + ": the header is no JSON object");
    }
    Map<String, String> metadata = new TreeMap<>();
    List<Header> headers = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : header.properties()) {
      if (field.getKey().equals("__metadata__")) {
        metadata.putAll(metadata(path, field.getValue()));
      } else {
        headers.add(header(path, field.getKey(), field.getValue()));
      }
    }
    return new Safetensors(path, file, metadata, place(path, all.asSlice(8 + length), headers));
  }

  private static String text(Path path, MemorySegment header) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(header.toArray(ValueLayout.JAVA_BYTE)))
          .toString();
    } catch (CharacterCodingException e) {
      throw new BadInput(path + ": the header is not UTF-8 text", e);
    }
  }

  private static Map<String, String> metadata(Path path, JsonNode node) {
    Map<String, String> metadata = new TreeMap<>();
    if (!node.isObject()) {
      throw new BadInput(path + ": __metadata__ is no JSON object");
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (!field.getValue().isString()) {
        throw new BadInput(path + ": __metadata__ " + field.getKey() + " is no string");
      }
      metadata.put(field.getKey(), field.getValue().stringValue());
    }
    return metadata;
  }

  private static Header header(Path path, String name, JsonNode node) {
    String where = path + ": tensor " + name;
    if (!node.isObject() || !node.path("dtype").isString()) {
      throw new BadInput(where + " has no dtype");
    }
    String dtype = node.path("dtype").stringValue();
    DType type =
        Arrays.stream(DType.values())
            .filter(t -> t.name().equals(dtype))
            .findFirst()
            .orElseThrow(
                () ->
                    new BadInput(
                        where
                            + " has the dtype "
                            + dtype
                            + "; known are "
                            + Arrays.toString(DType.values())));
    long[] shape = longs(where + ", shape", node.path("shape"));
    long[] place = longs(where + ", data_offsets", node.path("data_offsets"));
    if (place.length != 2 || place[0] > place[1]) {
      throw new BadInput(where + ": data_offsets are no beginning and end");
    }
    try {
      long bytes = type.bytes();
      for (long size : shape) {
        bytes = Math.multiplyExact(bytes, size);
      }
      if (bytes != place[1] - place[0]) {
        throw new BadInput(
            where
                + ": shape "
                + Arrays.toString(shape)
                + " of "
                + type
                + " takes "
                + bytes
                + " bytes, data_offsets span "
                + (place[1] - place[0]));
      }
    } catch (ArithmeticException e) {
      throw new BadInput(where + ": shape " + Arrays.toString(shape) + " overflows", e);
    }
    return new Header(name, type, shape, place[0], place[1]);
  }

  private static long[] longs(String where, JsonNode node) {
    if (!node.isArray()) {
      throw new BadInput(where + ": no array of whole numbers");
    }
    long[] values = new long[node.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = node.get(i);
      if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
        throw new BadInput(where + ": " + value + " is no size");
      }
      values[i] = value.longValue();
    }
    return values;
  }

  private static Map<String, Entry> place(Path path, MemorySegment data, List<Header> headers) {
    Map<String, Entry> tensors = new TreeMap<>();
    long end = 0;
    for (Header header :
        headers.stream()
            .sorted(Comparator.comparingLong(Header::begin).thenComparingLong(Header::end))
            .toList()) {
      if (header.begin != end || header.end > data.byteSize()) {
        throw new BadInput(
            path
                + ": tensor "
                + header.name
                + " lies at bytes "
                + header.begin
                + " to "
                + header.end
                + " of "
                + data.byteSize()
                + ", where the one before ends at "
                + end
                + "; the file is cut off or damaged");
      }
      end = header.end;
      tensors.put(
          header.name,
          new Entry(
              header.name,
              header.type,
              header.shape,
              data.asSlice(header.begin, header.end - header.begin)));
    }
    if (end != data.byteSize()) {
      throw new BadInput(
          path + ": " + (data.byteSize() - end) + " bytes after the last tensor belong to none");
    }
    return tensors;
  }

  /** The file. */
  public Path path() {
    return path;
  }

  /** The strings of {@code __metadata__}. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** All tensors, in the order of their names. */
  public Map<String, Entry> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    file.close();
  }
}
