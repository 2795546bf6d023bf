package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.GgufVocabulary;
import dev.palimpsest.tokenizer.Tokenizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** The {@code tokenizer.*} metadata of a model that came as a Hugging Face folder. */
final class GgufTokens {
  private static final String PREFIX = "tokenizer.ggml.";

  /** Keys for tokens that end an answer beside EOS. */
  private static final List<String> MORE_ENDS = List.of("eot_token_id", "eom_token_id");

  private GgufTokens() {}

  /**
   * The tokenizer, its special tokens and the chat template.
   *
   * @throws BadInput naming what GGUF has no words for
   */
  static Map<String, GgufValue> of(Checkpoint base) {
    ModelText text = base.text();
    String source = text.tokenizerJson();
    Tokenizer tokenizer = base.tokenizer();
    OptionalInt bos = id(text, tokenizer, "bos_token", text.bos());
    OptionalInt eos =
        id(text, tokenizer, "eos_token", text.endTokens().stream().mapToInt(each -> each).min());
    GgufVocabulary vocabulary;
    try {
      vocabulary = Tokenizer.gguf(source, base.config().vocabulary(), bos, eos);
    } catch (IllegalArgumentException e) {
      throw new BadInput(text.where() + ": " + e.getMessage(), e);
    }
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    put(metadata, vocabulary);
    id(text, tokenizer, "unk_token", OptionalInt.empty())
        .ifPresent(id -> metadata.put(PREFIX + "unknown_token_id", GgufConfigText.whole(id)));
    id(text, tokenizer, "pad_token", OptionalInt.empty())
        .ifPresent(id -> metadata.put(PREFIX + "padding_token_id", GgufConfigText.whole(id)));
    putEnds(metadata, text, vocabulary.eos());
    text.chatTemplate()
        .ifPresent(
            template -> metadata.put("tokenizer.chat_template", new GgufValue.Text(template)));
    return metadata;
  }

  private static OptionalInt id(
      ModelText text, Tokenizer tokenizer, String variable, OptionalInt otherwise) {
    String token = text.variables().get(variable);
    OptionalInt id = token == null ? OptionalInt.empty() : tokenizer.id(token);
    return id.isPresent() ? id : otherwise;
  }

  private static void put(Map<String, GgufValue> metadata, GgufVocabulary vocabulary) {
    metadata.put(PREFIX + "model", new GgufValue.Text(vocabulary.model()));
    metadata.put(PREFIX + "pre", new GgufValue.Text(vocabulary.pre()));
    metadata.put(PREFIX + "tokens", new GgufValue.Texts(vocabulary.tokens()));
    long[] types = new long[vocabulary.types().length];
    for (int i = 0; i < types.length; i++) {
      types[i] = vocabulary.types()[i];
    }
    metadata.put(PREFIX + "token_type", new GgufValue.Wholes(GgufValue.Type.I32, types));
    metadata.put(PREFIX + "merges", new GgufValue.Texts(vocabulary.merges()));
    vocabulary
        .bos()
        .ifPresent(id -> metadata.put(PREFIX + "bos_token_id", GgufConfigText.whole(id)));
    vocabulary
        .eos()
        .ifPresent(id -> metadata.put(PREFIX + "eos_token_id", GgufConfigText.whole(id)));
    vocabulary
        .addBos()
        .ifPresent(add -> metadata.put(PREFIX + "add_bos_token", new GgufValue.Flag(add)));
    vocabulary
        .addEos()
        .ifPresent(add -> metadata.put(PREFIX + "add_eos_token", new GgufValue.Flag(add)));
  }

  private static void putEnds(Map<String, GgufValue> metadata, ModelText text, OptionalInt eos) {
    Set<Integer> others = new TreeSet<>(text.endTokens());
    eos.ifPresent(others::remove);
    List<Integer> more = List.copyOf(others);
    if (more.size() > MORE_ENDS.size()) {
      throw new BadInput(
          text.where()
              + ": "
              + (more.size() + 1)
              + " tokens end an answer (eos_token_id), GGUF has keys for three");
    }
    for (int i = 0; i < more.size(); i++) {
      metadata.put(PREFIX + MORE_ENDS.get(i), GgufConfigText.whole(more.get(i)));
    }
  }
}
