package dev.palimpsest.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * GPT-2's writing of bytes as printable characters: bytes that Latin-1 prints stand for themselves,
 * the other 68 are written as U+0100 and on, in order.
 */
final class ByteAlphabet {
  private static final int[] BYTE_OF = byteOf();

  private ByteAlphabet() {}

  /** The bytes that a token of a byte-level vocabulary stands for. */
  static byte[] bytes(String token) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(token.length());
    for (int i = 0; i < token.length(); i++) {
      char c = token.charAt(i);
      if (c >= BYTE_OF.length || BYTE_OF[c] < 0) {
        // not written in the alphabet: an added token, which stands for itself
        return token.getBytes(StandardCharsets.UTF_8);
      }
      out.write(BYTE_OF[c]);
    }
    return out.toByteArray();
  }

  private static int[] byteOf() {
    int[] table = new int[256 + 68];
    Arrays.fill(table, -1);
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      table[printable ? b : next++] = b;
    }
    return table;
  }
}
