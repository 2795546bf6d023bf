package dev.palimpsest;

import dev.palimpsest.run.Json;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Damages files in the ways that readers trip over; the same seed gives the same damage. */
public final class Mutator {
  private static final long[] NUMBERS = {
    0,
    1,
    2,
    4,
    8,
    9,
    12,
    31,
    255,
    256,
    1 << 20,
    Integer.MAX_VALUE,
    1L << 31,
    0xFFFF_FFFFL,
    1L << 32,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1,
    Long.MAX_VALUE / 4 + 1
  };

  private static final List<byte[]> PIECES =
      List.of(
          utf8("18446744073709551616"),
          utf8("-1e999"),
          utf8("null"),
          utf8("[[{}"),
          utf8("../../x"),
          utf8("\uD83D\uDE00\u0000"),
          new byte[] {-1, -2, (byte) 0xC3});

  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "false",
          "-1",
          "0",
          "1",
          "3",
          "0.5",
          "-0.0",
          "1e308",
          "1e-320",
          "1e99999",
          "2147483647",
          "2147483648",
          "4294967296",
          "9223372036854775807",
          "123456789012345678901234567890",
          "\"\"",
          "\"NaN\"",
          "\"a\"",
          "\"../../x\"",
          "\"/etc/passwd\"",
          "\"\\u0000\\ud800\"",
          "\"(a|a)*(.*)*$\"",
          "\"" + "(".repeat(900) + "\"",
          "\"" + "(".repeat(450) + ")*".repeat(450) + "\"",
          "\"" + "x".repeat(100_000) + "\"",
          "[]",
          "{}",
          "[null]",
          "[-1, 2147483647]",
          "[\"q_proj\", 7]",
          "{\"\": {\"\": []}}",
          "[".repeat(150) + "]".repeat(150));

  private final Random random;

  public Mutator(long seed) {
    this.random = new Random(seed);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  public boolean chance(int oneIn) {
    return random.nextInt(oneIn) == 0;
  }

  public <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }

  /** Bytes of any file. */
  public byte[] bytes(byte[] original) {
    byte[] bytes = original.clone();
    int times = 1 + random.nextInt(3);
    for (int i = 0; i < times; i++) {
      // headers are where the harm is done
      int at = random.nextInt(random.nextBoolean() ? bytes.length : Math.min(bytes.length, 600));
      switch (random.nextInt(8)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
        case 3 -> over(bytes, at, pick(PIECES));
        case 4 -> {
          byte[] piece = pick(PIECES);
          byte[] longer = Arrays.copyOf(bytes, bytes.length + piece.length);
          System.arraycopy(bytes, at, longer, at + piece.length, bytes.length - at);
          over(longer, at, piece);
          bytes = longer;
        }
        case 5 -> {
          int from = random.nextInt(bytes.length);
          int length = random.nextInt(Math.min(32, bytes.length - Math.max(from, at)) + 1);
          System.arraycopy(bytes, from, bytes, at, length);
        }
        default -> number(bytes, at);
      }
    }
    return bytes;
  }

  /** A little-endian count, length, type or offset. */
  private void number(byte[] bytes, int at) {
    long value = NUMBERS[random.nextInt(NUMBERS.length)];
    byte[] whole = new byte[8];
    ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    over(bytes, at, Arrays.copyOf(whole, random.nextBoolean() ? 8 : 4));
  }

  private static void over(byte[] bytes, int at, byte[] piece) {
    System.arraycopy(piece, 0, bytes, at, Math.min(piece.length, bytes.length - at));
  }

  /** The text of a JSON document: its values and names, and now and then its characters. */
  public byte[] json(String original) {
    JsonNode root = Json.parse(original, "original");
    int times = 1 + random.nextInt(2);
    for (int i = 0; i < times; i++) {
      change(pick(containers(root)));
    }
    byte[] text = utf8(root.toString());
    return chance(8) ? bytes(text) : text;
  }

  private static List<JsonNode> containers(JsonNode root) {
    List<JsonNode> found = new ArrayList<>(List.of(root));
    for (int i = 0; i < found.size(); i++) {
      for (JsonNode child : found.get(i)) {
        if (child.isContainer()) {
          found.add(child);
        }
      }
    }
    return found;
  }

  private void change(JsonNode container) {
    JsonNode value = Json.parse(pick(VALUES), "value");
    switch (container) {
      case ObjectNode object when !object.isEmpty() -> {
        String name = pick(List.copyOf(object.propertyNames()));
        switch (random.nextInt(6)) {
          case 0 -> object.remove(name);
          case 1 -> object.set(pick(List.of("", "../../x", "..", name + "x", "r")), value);
          case 2 -> {
            String other = pick(List.copyOf(object.propertyNames()));
            object.set(name, object.get(other).deepCopy());
          }
          default -> object.set(name, value);
        }
      }
      case ArrayNode array when !array.isEmpty() -> {
        int at = random.nextInt(array.size());
        switch (random.nextInt(4)) {
          case 0 -> array.remove(at);
          case 1 -> array.add(array.get(at).deepCopy());
          default -> array.set(at, value);
        }
      }
      case ObjectNode object -> object.set("x", value);
      case ArrayNode array -> array.add(value);
      default -> throw new IllegalStateException("no container");
    }
  }

  /** A text with pieces of others put in and characters changed. */
  public String text(String original, List<String> others) {
    String text = original;
    for (int i = random.nextInt(3); i >= 0; i--) {
      String other = pick(others);
      int from = random.nextInt(other.length() + 1);
      int to = from + random.nextInt(other.length() + 1 - from);
      int at = random.nextInt(text.length() + 1);
      int end = Math.min(text.length(), at + random.nextInt(6));
      text = text.substring(0, at) + other.substring(from, to) + text.substring(end);
    }
    return chance(4) ? new String(bytes(utf8(text + " ")), StandardCharsets.UTF_8) : text;
  }

  /** A safetensors file whose header is changed, and whose length agrees with it again. */
  public byte[] safetensors(byte[] original) {
    int length = (int) ByteBuffer.wrap(original).order(ByteOrder.LITTLE_ENDIAN).getLong();
    byte[] header = json(new String(original, 8, length, StandardCharsets.UTF_8));
    int data = original.length - 8 - length;
    return ByteBuffer.allocate(8 + header.length + data)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(original, 8 + length, data)
        .array();
  }
}
