package dev.palimpsest.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Text to token ids and back. Immutable; any number of threads may use it at once.
 *
 * <p>A tokenizer.json gives the ids of Hugging Face's tokenizers library, a GGUF vocabulary those
 * of llama.cpp. Texts of any length are taken whole. A lone surrogate, which no UTF-8 text can
 * hold, counts as U+FFFD.
 */
public final class Tokenizer {
  private final Vocabulary vocabulary;
  private final Segmenter segmenter;
  private final Function<String, int[]> document;
  private final Function<int[], String> decoder;

  private Tokenizer(
      Vocabulary vocabulary,
      Segmenter segmenter,
      Function<String, int[]> document,
      Function<int[], String> decoder) {
    this.vocabulary = vocabulary;
    this.segmenter = segmenter;
    this.document = document;
    this.decoder = decoder;
  }

  /**
   * The tokenizer that a Hugging Face tokenizer.json describes; its truncation and padding are
   * passed over.
   *
   * @throws IllegalArgumentException if the text is no tokenizer.json
   */
  public static Tokenizer ofJson(String tokenizerJson) {
    TokenizerJson json = new TokenizerJson(tokenizerJson);
    NativeTokenizer library = new NativeTokenizer(json.text());
    return new Tokenizer(json.vocabulary(), library, library::documentIds, library::decode);
  }

  /**
   * The tokenizer of a GGUF file.
   *
   * @throws IllegalArgumentException naming the key whose value is wrong or not supported
   */
  public static Tokenizer of(GgufVocabulary vocabulary) {
    GgufTokenizer gguf = new GgufTokenizer(vocabulary);
    Segmenter segmenter = gguf.segmenter();
    OptionalInt first = gguf.first();
    OptionalInt last = gguf.last();
    boolean spacePrefix = gguf.spacePrefix();
    return new Tokenizer(
        gguf.vocabulary(),
        segmenter,
        text -> framed(first, segmenter.ids(text), last),
        ids -> join(gguf.vocabulary(), ids, spacePrefix));
  }

  /**
   * The tokenizer of a GGUF file as a tokenizer.json. Where one special token begins with another,
   * Hugging Face's library takes the one that stands first and the longer of two there, llama.cpp
   * the longest anywhere; all else is the same.
   *
   * @throws IllegalArgumentException naming the key whose value is wrong or not supported
   */
  public static String json(GgufVocabulary vocabulary) {
    return new GgufTokenizer(vocabulary).document();
  }

  /**
   * A tokenizer.json with more tokens, which a text is searched for as they are written, before
   * anything else is done with it.
   *
   * @param special whether they are part of no text
   * @throws IllegalArgumentException if the text is no tokenizer.json
   */
  public static String json(String tokenizerJson, List<String> more, boolean special) {
    return TokenizerJson.extended(tokenizerJson, more, special);
  }

  /**
   * A tokenizer.json as a GGUF file stores it.
   *
   * @param size of the model's vocabulary; ids past the tokenizer's are filled up
   * @param bos the token that begins a text, if the model names one
   * @param eos the token that ends one, likewise
   * @throws IllegalArgumentException naming what a GGUF file has no words for
   */
  public static GgufVocabulary gguf(
      String tokenizerJson, int size, OptionalInt bos, OptionalInt eos) {
    return new ByteLevelVocabulary(new TokenizerJson(tokenizerJson)).gguf(size, bos, eos);
  }

  private static int[] framed(OptionalInt first, int[] ids, OptionalInt last) {
    Ints all = new Ints();
    first.ifPresent(all::add);
    all.addAll(ids);
    last.ifPresent(all::add);
    return all.toArray();
  }

  /** The bytes of the tokens, without the space that encoding puts before each stretch of text. */
  private static String join(Vocabulary vocabulary, int[] ids, boolean spacePrefix) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    boolean begins = true;
    for (int id : ids) {
      byte[] bytes = vocabulary.bytes(id);
      int skip = spacePrefix && begins && bytes.length > 0 && bytes[0] == ' ' ? 1 : 0;
      out.write(bytes, skip, bytes.length - skip);
      begins = vocabulary.special(id);
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /** Token ids of a text. Special tokens written in it are recognised; nothing is added. */
  public int[] encode(String text) {
    return segmenter.ids(text);
  }

  /** Token ids of a text, with BOS and EOS where the tokenizer itself adds them. */
  public int[] encodeDocument(String text) {
    return document.apply(text);
  }

  /** The ids that {@link #encode} gives, with the place where each ends. */
  public Encoding encodeWithOffsets(String text) {
    return segmenter.encode(text);
  }

  /** The text of all tokens, special ones spelled out; bytes that are no UTF-8 become U+FFFD. */
  public String decode(int[] ids) {
    for (int id : ids) {
      vocabulary.text(id);
    }
    return decoder.apply(ids);
  }

  /** The text of all tokens but the special ones. */
  public String decodeText(int[] ids) {
    return decode(Arrays.stream(ids).filter(id -> !vocabulary.special(id)).toArray());
  }

  /** The bytes that a token adds to a text; for a special token, those of its name. */
  public byte[] bytes(int id) {
    return vocabulary.bytes(id).clone();
  }

  /** The token as the vocabulary writes it. */
  public String token(int id) {
    return vocabulary.text(id);
  }

  /** The id of a token as the vocabulary writes it. */
  public OptionalInt id(String token) {
    return vocabulary.id(token);
  }

  /** Whether a token is special: part of no text. */
  public boolean special(int id) {
    return vocabulary.special(id);
  }

  /** How many ids there are: one more than the largest. */
  public int size() {
    return vocabulary.size();
  }
}
