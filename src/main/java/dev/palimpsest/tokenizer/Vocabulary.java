package dev.palimpsest.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is known of each token id by itself: text, bytes, whether it is special. */
final class Vocabulary {
  private final @Nullable String[] texts;
  private final byte[][] bytes;
  private final boolean[] special;
  private final Map<String, Integer> ids;

  /**
   * Fills the table.
   *
   * @param texts by id; null where an id is not used
   * @param literal by id: the token stands for its text, however the others are written
   * @param special by id
   * @param bytes of a token that is not literal
   */
  Vocabulary(
      @Nullable String[] texts,
      boolean[] literal,
      boolean[] special,
      Function<String, byte[]> bytes) {
    this.texts = texts.clone();
    this.special = special.clone();
    this.bytes = new byte[texts.length][];
    this.ids = HashMap.newHashMap(texts.length);
    for (int id = 0; id < texts.length; id++) {
      String text = texts[id];
      if (text == null) {
        this.bytes[id] = new byte[0];
        continue;
      }
      this.bytes[id] = literal[id] ? text.getBytes(StandardCharsets.UTF_8) : bytes.apply(text);
      ids.put(text, id);
    }
  }

  int size() {
    return texts.length;
  }

  String text(int id) {
    String text = texts[check(id)];
    return text == null ? "" : text;
  }

  byte[] bytes(int id) {
    return bytes[check(id)];
  }

  boolean special(int id) {
    return special[check(id)];
  }

  OptionalInt id(String text) {
    Integer id = ids.get(text);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  private int check(int id) {
    if (id < 0 || id >= texts.length) {
      throw new IllegalArgumentException(
          "token id " + id + " is outside the vocabulary of " + texts.length);
    }
    return id;
  }

  /** Bytes of a SentencePiece token: "<0x0A>" is one byte, U+2581 a space. */
  static byte[] sentencePieceBytes(String token) {
    if (token.length() == 6 && token.startsWith("<0x") && token.endsWith(">")) {
      int high = Character.digit(token.charAt(3), 16);
      int low = Character.digit(token.charAt(4), 16);
      if (high >= 0 && low >= 0) {
        return new byte[] {(byte) (high * 16 + low)};
      }
    }
    return token.replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8);
  }
}
