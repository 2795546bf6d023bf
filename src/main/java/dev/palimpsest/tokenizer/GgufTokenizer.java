package dev.palimpsest.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Builds what llama.cpp does with a GGUF vocabulary ({@code llama-vocab.cpp}). */
final class GgufTokenizer {
  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String LINES_AND_SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** Pre-tokenizers: regular expressions that cut the text one after the other. */
  private static final List<String> GPT2_CUTS = List.of(GPT2);

  private static final List<String> DIGITS_THEN_GPT2 = List.of("\\p{N}", GPT2);
  private static final List<String> DEFAULT_CUTS =
      List.of("[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]");
  private static final List<String> LLAMA3_CUTS = List.of(words("\\p{N}{1,3}"));
  private static final List<String> QWEN2_CUTS = List.of(words("\\p{N}"));

  private static final Map<String, List<String>> CUTS =
      Map.ofEntries(
          Map.entry("", DEFAULT_CUTS),
          Map.entry("default", DEFAULT_CUTS),
          Map.entry("gpt-2", GPT2_CUTS),
          Map.entry("phi-2", GPT2_CUTS),
          Map.entry("mpt", GPT2_CUTS),
          Map.entry("olmo", GPT2_CUTS),
          Map.entry("exaone4", GPT2_CUTS),
          Map.entry("smollm", DIGITS_THEN_GPT2),
          Map.entry("starcoder", DIGITS_THEN_GPT2),
          Map.entry("refact", DIGITS_THEN_GPT2),
          Map.entry("command-r", DIGITS_THEN_GPT2),
          Map.entry("exaone", DIGITS_THEN_GPT2),
          Map.entry("llama3", LLAMA3_CUTS),
          Map.entry("llama-v3", LLAMA3_CUTS),
          Map.entry("llama-bpe", LLAMA3_CUTS),
          Map.entry("lfm2", LLAMA3_CUTS),
          Map.entry("qwen2", QWEN2_CUTS),
          Map.entry("deepseek-r1-qwen", QWEN2_CUTS));

  /** Pre-tokenizers whose words are looked up whole first, and whose texts begin with BOS. */
  private static final Set<String> LLAMA3 = Set.of("llama3", "llama-v3", "llama-bpe", "lfm2");

  /** Ends of a turn: special whatever type the file gives them. */
  private static final Set<String> ENDS =
      Set.of(
          "<|eot_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<end_of_turn>",
          "<|endoftext|>",
          "</s>",
          "<|eom_id|>",
          "<EOT>",
          "_<EOT>",
          "<|end_of_text|>",
          "<end_of_utterance>",
          "<eos>");

  private final GgufVocabulary stored;
  private final boolean sentencePiece;
  private final Vocabulary vocabulary;

  GgufTokenizer(GgufVocabulary stored) {
    this.stored = stored;
    if (!stored.model().equals("gpt2") && !stored.model().equals("llama")) {
      throw new IllegalArgumentException(
          "tokenizer.ggml.model: \""
              + stored.model()
              + "\" is not supported, expected \"gpt2\" or \"llama\"");
    }
    sentencePiece = stored.model().equals("llama");
    int size = stored.tokens().size();
    @Nullable String[] texts = stored.tokens().toArray(new String[0]);
    boolean[] literal = new boolean[size];
    boolean[] special = new boolean[size];
    for (int id = 0; id < size; id++) {
      special[id] = special(id);
      literal[id] = special[id] || stored.type(id) == GgufVocabulary.USER_DEFINED;
    }
    vocabulary =
        new Vocabulary(
            texts,
            literal,
            special,
            sentencePiece ? Vocabulary::sentencePieceBytes : ByteAlphabet::bytes);
  }

  private boolean special(int id) {
    int type = stored.type(id);
    return type == GgufVocabulary.CONTROL
        || type == GgufVocabulary.UNKNOWN
        || ENDS.contains(stored.tokens().get(id));
  }

  Vocabulary vocabulary() {
    return vocabulary;
  }

  Segmenter segmenter() {
    Segmenter rest =
        sentencePiece
            ? new SentencePiece(stored, vocabulary, spacePrefix())
            : new NativeTokenizer(json().toString());
    return new SpecialTokens(vocabulary, recognised(), rest);
  }

  /** Tokens that are looked for in the text before anything else. */
  private List<Integer> recognised() {
    List<Integer> recognised = new ArrayList<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.special(id) || stored.type(id) == GgufVocabulary.USER_DEFINED) {
        recognised.add(id);
      }
    }
    return recognised;
  }

  /**
   * All of it as a tokenizer.json.
   *
   * @throws IllegalArgumentException if it is SentencePiece's, which has scores instead of merges
   */
  String document() {
    if (sentencePiece) {
      throw new IllegalArgumentException(
          "tokenizer.ggml.model: \"llama\" (SentencePiece) is not written as tokenizer.json; take"
              + " the model's Hugging Face folder");
    }
    ObjectNode root = json();
    ArrayNode added = root.putArray("added_tokens");
    for (int id : recognised()) {
      ObjectNode token = added.addObject();
      token.put("id", id).put("content", stored.tokens().get(id)).put("single_word", false);
      token.put("lstrip", false).put("rstrip", false).put("normalized", false);
      token.put("special", vocabulary.special(id));
    }
    if (first().isPresent() || last().isPresent()) {
      frame(root.putObject("post_processor"));
    }
    return root.toString();
  }

  /** What is put before and after a document. */
  private void frame(ObjectNode processor) {
    processor.put("type", "TemplateProcessing");
    ArrayNode single = processor.putArray("single");
    ArrayNode pair = processor.putArray("pair");
    ObjectNode specials = processor.putObject("special_tokens");
    first().ifPresent(id -> special(id, specials, single, pair));
    sequence(single.addObject(), "A");
    sequence(pair.addObject(), "A");
    last().ifPresent(id -> special(id, specials, single, pair));
    sequence(pair.addObject(), "B");
  }

  private static void sequence(ObjectNode piece, String name) {
    piece.putObject("Sequence").put("id", name).put("type_id", 0);
  }

  private void special(int id, ObjectNode specials, ArrayNode single, ArrayNode pair) {
    String token = stored.tokens().get(id);
    for (ArrayNode pieces : List.of(single, pair)) {
      pieces.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
    }
    ObjectNode own = specials.putObject(token).put("id", token);
    own.putArray("ids").add(id);
    own.putArray("tokens").add(token);
  }

  boolean spacePrefix() {
    return sentencePiece && stored.addSpacePrefix().orElse(true);
  }

  /** The token put before a document. */
  OptionalInt first() {
    boolean add = stored.addBos().orElse(sentencePiece || LLAMA3.contains(stored.pre()));
    return given(add, stored.bos(), "bos");
  }

  /** The token put after a document. */
  OptionalInt last() {
    return given(stored.addEos().orElse(false), stored.eos(), "eos");
  }

  private static OptionalInt given(boolean add, OptionalInt id, String name) {
    if (add && id.isEmpty()) {
      throw new IllegalArgumentException(
          "tokenizer.ggml." + name + "_token_id: missing, but add_" + name + "_token asks for it");
    }
    return add ? id : OptionalInt.empty();
  }

  private static String words(String digits) {
    return CONTRACTIONS
        + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
        + digits
        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
        + LINES_AND_SPACES;
  }

  /** The byte-level BPE as a tokenizer.json without special tokens. */
  private ObjectNode json() {
    List<String> cuts =
        Optional.ofNullable(CUTS.get(stored.pre()))
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "tokenizer.ggml.pre: \""
                            + stored.pre()
                            + "\" is not supported, expected one of "
                            + String.join(", ", CUTS.keySet().stream().sorted().toList())));
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("version", "1.0");
    ObjectNode pre = root.putObject("pre_tokenizer");
    pre.put("type", "Sequence");
    ArrayNode steps = pre.putArray("pretokenizers");
    for (String cut : cuts) {
      ObjectNode step = steps.addObject();
      step.put("type", "Split").put("behavior", "Isolated").put("invert", false);
      step.putObject("pattern").put("Regex", cut);
    }
    byteLevel(steps.addObject());
    byteLevel(root.putObject("decoder"));
    ObjectNode model = root.putObject("model");
    model.put("type", "BPE").put("ignore_merges", LLAMA3.contains(stored.pre()));
    ObjectNode vocab = model.putObject("vocab");
    for (int id = 0; id < stored.tokens().size(); id++) {
      vocab.put(stored.tokens().get(id), id);
    }
    ArrayNode merges = model.putArray("merges");
    for (String merge : stored.merges()) {
      int space = merge.indexOf(' ', 1);
      if (space < 0) {
        throw new IllegalArgumentException(
            "tokenizer.ggml.merges: \"" + merge + "\" has no space, expected two tokens");
      }
      merges.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
    }
    return root;
  }

  private static void byteLevel(ObjectNode node) {
    node.put("type", "ByteLevel").put("add_prefix_space", false);
    node.put("trim_offsets", false).put("use_regex", false);
  }
}
