package dev.palimpsest.tokenizer;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.function.LongFunction;

/**
 * Hugging Face's tokenizers library, by the functions that its Java binding exports. The binding's
 * own HuggingFaceTokenizer class is passed by: it truncates and pads unless told otherwise, copies
 * seven arrays for each text, and reports its use over the network.
 */
final class NativeTokenizer implements Segmenter {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final TokenizersLibrary LIBRARY = load();

  private final long handle;

  /**
   * Builds the tokenizer that a tokenizer.json describes.
   *
   * @throws IllegalArgumentException with the library's reason
   */
  NativeTokenizer(String json) {
    long created;
    try {
      created = LIBRARY.createTokenizerFromString(wellFormed(json));
    } catch (RuntimeException e) {
      throw new IllegalArgumentException("tokenizer.json: " + e.getMessage(), e);
    }
    handle = created;
    CLEANER.register(this, () -> LIBRARY.deleteTokenizer(created));
  }

  @Override
  public int[] ids(String text) {
    return encoding(text, false, NativeTokenizer::tokenIds);
  }

  /** The ids with the special tokens that the tokenizer's post-processor adds. */
  int[] documentIds(String text) {
    return encoding(text, true, NativeTokenizer::tokenIds);
  }

  @Override
  public Encoding encode(String text) {
    String clean = wellFormed(text);
    return encoding(
        clean,
        false,
        encoding ->
            new Encoding(tokenIds(encoding), charEnds(clean, LIBRARY.getTokenCharSpans(encoding))));
  }

  String decode(int[] ids) {
    long[] wide = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      wide[i] = ids[i];
    }
    try {
      return LIBRARY.decode(handle, wide, false);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private <T> T encoding(String text, boolean addSpecial, LongFunction<T> read) {
    try {
      long encoding = LIBRARY.encode(handle, wellFormed(text), addSpecial);
      try {
        return read.apply(encoding);
      } finally {
        LIBRARY.deleteEncoding(encoding);
      }
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private static int[] tokenIds(long encoding) {
    long[] wide = LIBRARY.getTokenIds(encoding);
    int[] ids = new int[wide.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Math.toIntExact(wide[i]);
    }
    return ids;
  }

  /** The library counts code points, Java counts chars. */
  private static int[] charEnds(String text, CharSpan[] spans) {
    int[] ends = new int[spans.length];
    int codePoint = 0;
    int index = 0;
    int past = 0;
    for (int i = 0; i < spans.length; i++) {
      int end = spans[i] == null ? codePoint : spans[i].getEnd();
      if (end > codePoint) {
        index = text.offsetByCodePoints(index, end - codePoint);
        codePoint = end;
      }
      past = Math.max(past, index);
      ends[i] = past;
    }
    return ends;
  }

  /** The text with lone surrogates replaced by U+FFFD, as UTF-8 cannot hold them. */
  static String wellFormed(String text) {
    char[] chars = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      chars = chars == null ? text.toCharArray() : chars;
      chars[i] = '\uFFFD';
    }
    return chars == null ? text : new String(chars);
  }

  /** Loads the CPU library from the jar: for any other kind the binding would ask the network. */
  private static TokenizersLibrary load() {
    System.setProperty("RUST_FLAVOR", "cpu");
    LibUtils.checkStatus();
    return TokenizersLibrary.LIB;
  }
}
