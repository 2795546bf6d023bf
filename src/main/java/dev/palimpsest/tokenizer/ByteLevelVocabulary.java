package dev.palimpsest.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A byte-level BPE of Hugging Face as a GGUF file stores it, after llama.cpp's converter ({@code
 * _set_vocab_gpt2}). The name of the pre-tokenizer is found by trial, where the converter compares
 * a hash of one text's ids with those of tokenizers that it knows: a name is right if llama.cpp's
 * rules give the ids of the tokenizer itself.
 */
final class ByteLevelVocabulary {
  /** One for each way of cutting; the names of the most usual models. */
  private static final List<String> PRE_TOKENIZERS =
      List.of("smollm", "gpt-2", "llama-bpe", "qwen2", "default");

  /** Digits, blanks, lines, contractions, scripts and signs: where the ways of cutting differ. */
  private static final String TEXT =
      """
      In 1997, 12 ships and 1234567 boats; 3.14159 and 56,7 % of ٣٤٥ and ½.
        two blanks,\tone tab\t\t, three   blanks   \n \n\n  \n\t\n\r\n\r\nI'm, you'RE, he'd, IT'S, 'tis
      don’t $x+=y<z^2~|w`q == ------======!!!???... "quoted" (a)[b]{c}; https://a.b/c?d=e&f#g
      Zürich naïve ŒUVRE Ελλάδα Москва мир नमस्ते 手写的书页は123個 🙂👩‍👩‍👧 كتاب_foo-bar fooBar
      """;

  private final TokenizerJson json;
  private final JsonNode root;

  ByteLevelVocabulary(TokenizerJson json) {
    this.json = json;
    this.root = json.root();
  }

  GgufVocabulary gguf(int size, OptionalInt bos, OptionalInt eos) {
    requireByteLevel();
    Vocabulary vocabulary = json.vocabulary();
    if (vocabulary.size() > size) {
      throw new IllegalArgumentException(
          "has " + vocabulary.size() + " tokens, the model's embedding " + size + " rows");
    }
    Tokenizer own = Tokenizer.ofJson(json.text());
    Frame frame = Frame.of(own, bos, eos);
    List<String> tokens = new ArrayList<>(size);
    int[] types = new int[size];
    fill(vocabulary, tokens, types);
    List<String> merges = merges();
    String probe = probe(vocabulary, types);
    int[] expected = own.encode(probe);
    for (String pre : PRE_TOKENIZERS) {
      GgufVocabulary made =
          new GgufVocabulary(
              "gpt2",
              pre,
              tokens,
              types,
              new float[0],
              merges,
              frame.bos,
              frame.eos,
              Optional.of(frame.addBos),
              Optional.of(frame.addEos),
              Optional.empty());
      if (Arrays.equals(Tokenizer.of(made).encode(probe), expected)) {
        return made;
      }
    }
    throw new IllegalArgumentException(
        "pre_tokenizer: cuts texts as none of the pre-tokenizers "
            + String.join(", ", PRE_TOKENIZERS)
            + " of GGUF does");
  }

  private void requireByteLevel() {
    JsonNode model = root.path("model");
    String type = model.path("type").asString("BPE");
    String decoder = root.path("decoder").toString();
    if (!type.equals("BPE") || !decoder.contains("\"ByteLevel\"")) {
      throw new IllegalArgumentException(
          "model.type "
              + type
              + (type.equals("BPE") ? " without a ByteLevel decoder (SentencePiece)" : "")
              + ": only a byte-level BPE is written as GGUF; llama.cpp's converter takes"
              + " tokenizer.model");
    }
    String normalizer = root.path("normalizer").path("type").asString("NFC");
    if (!normalizer.equals("NFC")) {
      throw new IllegalArgumentException(
          "normalizer " + normalizer + ": llama.cpp has none for a byte-level BPE");
    }
    for (JsonNode token : root.path("added_tokens")) {
      for (String rule : List.of("lstrip", "rstrip", "single_word")) {
        if (token.path(rule).asBoolean(false)) {
          throw new IllegalArgumentException(
              "added token %s has %s, for which GGUF has no word"
                  .formatted(token.path("content"), rule));
        }
      }
    }
  }

  private void fill(Vocabulary vocabulary, List<String> tokens, int[] types) {
    Map<Integer, Boolean> added = new HashMap<>();
    for (JsonNode token : root.path("added_tokens")) {
      added.put(token.path("id").asInt(), token.path("special").asBoolean());
    }
    for (int id = 0; id < types.length; id++) {
      String text = id < vocabulary.size() ? vocabulary.text(id) : "";
      Boolean special = added.get(id);
      if (text.isEmpty()) {
        tokens.add("[PAD" + id + "]");
        types[id] = GgufVocabulary.UNUSED;
        continue;
      }
      tokens.add(text);
      types[id] =
          special == null
              ? GgufVocabulary.NORMAL
              : special || looksSpecial(text)
                  ? GgufVocabulary.CONTROL
                  : GgufVocabulary.USER_DEFINED;
    }
  }

  /** What the converter takes for a control token, whatever its file says. */
  private static boolean looksSpecial(String token) {
    return (token.startsWith("<|") && token.endsWith("|>")) || token.equals("<pad>");
  }

  private List<String> merges() {
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : root.path("model").path("merges")) {
      merges.add(
          merge.isArray()
              ? merge.path(0).asString() + " " + merge.path(1).asString()
              : merge.asString());
    }
    return merges;
  }

  /** A text in which every token may stand, and each beside the next. */
  private static String probe(Vocabulary vocabulary, int[] types) {
    StringBuilder probe = new StringBuilder(TEXT);
    for (int id = 0; id < vocabulary.size(); id++) {
      String text = types[id] == GgufVocabulary.NORMAL ? text(vocabulary.bytes(id)) : null;
      if (text != null) {
        probe.append(text);
      }
    }
    // what a normalizer of Hugging Face's would change, llama.cpp takes as it is
    return Normalizer.normalize(probe, Normalizer.Form.NFC);
  }

  private static @Nullable String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return null; // a part of a character
    }
  }

  /** What the tokenizer puts around a document. */
  private record Frame(OptionalInt bos, OptionalInt eos, boolean addBos, boolean addEos) {
    static Frame of(Tokenizer own, OptionalInt bos, OptionalInt eos) {
      int[] bare = own.encode("a");
      int[] whole = own.encodeDocument("a");
      int before = 0;
      while (before + bare.length < whole.length
          && !Arrays.equals(bare, Arrays.copyOfRange(whole, before, before + bare.length))) {
        before++;
      }
      int after = whole.length - bare.length - before;
      OptionalInt first = before == 0 ? bos : OptionalInt.of(whole[0]);
      OptionalInt last = after == 0 ? eos : OptionalInt.of(whole[whole.length - 1]);
      boolean plain = before <= 1 && after <= 1;
      if (!plain
          || (bos.isPresent() && !bos.equals(first))
          || (eos.isPresent() && !eos.equals(last))) {
        throw new IllegalArgumentException(
            "post_processor: puts other tokens around a text than BOS and EOS, the only ones that"
                + " GGUF has words for");
      }
      return new Frame(first, last, before == 1, after == 1);
    }
  }
}
