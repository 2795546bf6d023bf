package dev.palimpsest.tokenizer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Reads the metadata of a GGUF file, as far as the tokenizer's tests need it. */
final class StoredVocabulary {
  private final ByteBuffer in;

  private StoredVocabulary(ByteBuffer in) {
    this.in = in;
  }

  static GgufVocabulary read(Path gguf) throws IOException {
    return of(metadata(gguf));
  }

  static GgufVocabulary read(byte[] gguf) {
    ByteBuffer in = ByteBuffer.wrap(gguf).order(ByteOrder.LITTLE_ENDIAN);
    return of(new StoredVocabulary(in).entries());
  }

  private static GgufVocabulary of(Map<String, Object> metadata) {
    String prefix = "tokenizer.ggml.";
    List<String> tokens = strings(metadata.get(prefix + "tokens"));
    return new GgufVocabulary(
        (String) metadata.get(prefix + "model"),
        (String) metadata.getOrDefault(prefix + "pre", ""),
        tokens,
        numbers(metadata.get(prefix + "token_type")).stream().mapToInt(Number::intValue).toArray(),
        floats(metadata.get(prefix + "scores")),
        strings(metadata.get(prefix + "merges")),
        id(metadata.get(prefix + "bos_token_id")),
        id(metadata.get(prefix + "eos_token_id")),
        Optional.ofNullable((Boolean) metadata.get(prefix + "add_bos_token")),
        Optional.ofNullable((Boolean) metadata.get(prefix + "add_eos_token")),
        Optional.ofNullable((Boolean) metadata.get(prefix + "add_space_prefix")));
  }

  static Map<String, Object> metadata(Path gguf) throws IOException {
    try (FileChannel file = FileChannel.open(gguf)) {
      long size = Math.min(file.size(), Integer.MAX_VALUE);
      ByteBuffer in = file.map(FileChannel.MapMode.READ_ONLY, 0, size);
      return new StoredVocabulary(in.order(ByteOrder.LITTLE_ENDIAN)).entries();
    }
  }

  private Map<String, Object> entries() {
    in.position(16);
    long count = in.getLong();
    Map<String, Object> entries = new HashMap<>();
    for (long i = 0; i < count; i++) {
      String key = string();
      entries.put(key, value(in.getInt()));
    }
    return entries;
  }

  private Object value(int type) {
    return switch (type) {
      case 0, 1 -> in.get();
      case 2, 3 -> in.getShort();
      case 4, 5 -> in.getInt();
      case 6 -> in.getFloat();
      case 7 -> in.get() != 0;
      case 8 -> string();
      case 9 -> {
        int element = in.getInt();
        long length = in.getLong();
        List<Object> list = new ArrayList<>();
        for (long i = 0; i < length; i++) {
          list.add(value(element));
        }
        yield list;
      }
      case 10, 11 -> in.getLong();
      case 12 -> in.getDouble();
      default -> throw new IllegalArgumentException("GGUF type " + type);
    };
  }

  private String string() {
    byte[] bytes = new byte[Math.toIntExact(in.getLong())];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static OptionalInt id(Object value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(((Number) value).intValue());
  }

  private static List<String> strings(Object value) {
    return value == null ? List.of() : ((List<?>) value).stream().map(s -> (String) s).toList();
  }

  private static List<Number> numbers(Object value) {
    return value == null ? List.of() : ((List<?>) value).stream().map(n -> (Number) n).toList();
  }

  private static float[] floats(Object value) {
    List<Number> numbers = numbers(value);
    float[] floats = new float[numbers.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = numbers.get(i).floatValue();
    }
    return floats;
  }
}
