package dev.palimpsest.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * The "llama" tokenizer of GGUF files, as llama.cpp has it ({@code llama-vocab.cpp}, {@code
 * llm_tokenizer_spm_session}): spaces become U+2581; neighbours whose joined text is a token are
 * merged, highest score first and leftmost among equals; what is no token falls apart into bytes.
 *
 * <p>A text is cut beforehand wherever two neighbouring characters stand side by side in no token:
 * no merge can cross such a place, so the cut changes nothing but the time.
 */
final class SentencePiece implements Segmenter {
  private static final char SPACE = '\u2581';

  private record Merge(float score, int left, int right, int end) implements Comparable<Merge> {
    @Override
    public int compareTo(Merge other) {
      int byScore = Float.compare(other.score, score);
      return byScore != 0 ? byScore : Integer.compare(left, other.left);
    }
  }

  private final GgufVocabulary stored;
  private final Vocabulary vocabulary;
  private final boolean spacePrefix;
  private final Set<Long> neighbours = new HashSet<>();
  private final BitSet asciiNeighbours = new BitSet(128 * 128);
  private final int[] byteIds = new int[256];

  SentencePiece(GgufVocabulary stored, Vocabulary vocabulary, boolean spacePrefix) {
    this.stored = stored;
    this.vocabulary = vocabulary;
    this.spacePrefix = spacePrefix;
    if (stored.scores().length == 0) {
      throw new IllegalArgumentException(
          "tokenizer.ggml.scores: missing, expected one for each token of a \"llama\" tokenizer");
    }
    for (String token : stored.tokens()) {
      int before = -1;
      for (int i = 0; i < token.length(); i += Character.charCount(token.codePointAt(i))) {
        int here = token.codePointAt(i);
        if (before >= 0) {
          neighbours.add(pair(before, here));
          if (before < 128 && here < 128) {
            asciiNeighbours.set(before * 128 + here);
          }
        }
        before = here;
      }
    }
    for (int b = 0; b < 256; b++) {
      byteIds[b] = byteId(b);
    }
  }

  private int byteId(int value) {
    OptionalInt named = vocabulary.id(String.format("<0x%02X>", value));
    if (named.isPresent()) {
      return named.getAsInt();
    }
    OptionalInt plain = vocabulary.id(String.valueOf((char) value));
    if (plain.isPresent() && value < 128) {
      return plain.getAsInt();
    }
    for (int id = 0; id < stored.tokens().size(); id++) {
      if (stored.type(id) == GgufVocabulary.UNKNOWN) {
        return id;
      }
    }
    throw new IllegalArgumentException(
        String.format("tokenizer.ggml.tokens: neither <0x%02X> nor an unknown token", value));
  }

  @Override
  public int[] ids(String text) {
    return encode(text).ids();
  }

  @Override
  public Encoding encode(String text) {
    String prefixed = spacePrefix && !text.isEmpty() ? " " + text : text;
    String escaped = NativeTokenizer.wellFormed(prefixed).replace(' ', SPACE);
    int shift = prefixed.length() - text.length();
    Ints ids = new Ints();
    Ints ends = new Ints();
    int start = 0;
    int before = -1;
    for (int i = 0; i < escaped.length(); ) {
      int here = escaped.codePointAt(i);
      if (before >= 0 && !joined(before, here)) {
        segment(escaped.substring(start, i), start - shift, ids, ends);
        start = i;
      }
      before = here;
      i += Character.charCount(here);
    }
    if (start < escaped.length()) {
      segment(escaped.substring(start), start - shift, ids, ends);
    }
    return new Encoding(ids.toArray(), ends.toArray());
  }

  private boolean joined(int before, int here) {
    return (before < 128 && here < 128)
        ? asciiNeighbours.get(before * 128 + here)
        : neighbours.contains(pair(before, here));
  }

  private static long pair(int before, int here) {
    return ((long) before << 32) | here;
  }

  /** Symbol i begins at char i of the text; only the places where one begins are used. */
  private void segment(String text, int offset, Ints ids, Ints ends) {
    int[] end = symbols(text);
    int[] previous = new int[text.length() + 1];
    previous[0] = -1;
    PriorityQueue<Merge> queue = new PriorityQueue<>();
    for (int i = 0; i < text.length(); i = end[i]) {
      previous[end[i]] = i;
    }
    for (int i = 0; i < text.length(); i = end[i]) {
      propose(text, i, end, queue);
    }
    while (!queue.isEmpty()) {
      Merge merge = queue.remove();
      int left = merge.left;
      int right = merge.right;
      if (end[left] != right || end[right] != merge.end) {
        // one of the two has been merged meanwhile
        continue;
      }
      end[left] = merge.end;
      end[right] = -1;
      previous[merge.end] = left;
      if (previous[left] >= 0) {
        propose(text, previous[left], end, queue);
      }
      propose(text, left, end, queue);
    }
    for (int i = 0; i < text.length(); i = end[i]) {
      emit(text.substring(i, end[i]), Math.max(0, offset + end[i]), ids, ends);
    }
  }

  private static int[] symbols(String text) {
    int[] end = new int[text.length() + 1];
    for (int i = 0; i < text.length(); ) {
      int next = i + Character.charCount(text.codePointAt(i));
      end[i] = next;
      if (next == i + 2) {
        end[i + 1] = -1;
      }
      i = next;
    }
    return end;
  }

  private void propose(String text, int left, int[] end, PriorityQueue<Merge> queue) {
    int right = end[left];
    if (right >= text.length()) {
      return;
    }
    OptionalInt id = vocabulary.id(text.substring(left, end[right]));
    if (id.isPresent()) {
      queue.add(new Merge(stored.scores()[id.getAsInt()], left, right, end[right]));
    }
  }

  private void emit(String symbol, int end, Ints ids, Ints ends) {
    OptionalInt id = vocabulary.id(symbol);
    if (id.isPresent()) {
      ids.add(id.getAsInt());
      ends.add(end);
      return;
    }
    for (byte b : symbol.getBytes(StandardCharsets.UTF_8)) {
      ids.add(byteIds[b & 0xFF]);
      ends.add(end);
    }
  }
}
