package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.ChatTemplate;
import dev.palimpsest.tokenizer.Tokenizer;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * What a model's files say beside its weights: how text becomes tokens, and where an answer ends.
 *
 * @param where names the file in errors
 * @param tokenizer reads it; throws IllegalArgumentException with what is wrong
 * @param tokenizerSource the same as a {@code tokenizer.json}; throws as it does
 * @param chatTemplate source text
 * @param variables of the template: bos_token, eos_token and the like, spelled out
 * @param endTokens that end an answer
 */
record ModelText(
    String where,
    Supplier<Tokenizer> tokenizer,
    Supplier<String> tokenizerSource,
    Optional<String> chatTemplate,
    Map<String, String> variables,
    Set<Integer> endTokens,
    OptionalInt bos,
    Optional<String> license) {
  ModelText {
    variables = Map.copyOf(variables);
    endTokens = Set.copyOf(endTokens);
  }

  /** The tokenizer, which must not know more tokens than the model has rows for. */
  Tokenizer read(int vocabulary) {
    Tokenizer read;
    try {
      read = tokenizer.get();
    } catch (IllegalArgumentException e) {
      throw new BadInput(where + ": " + e.getMessage(), e);
    }
    if (read.size() > vocabulary) {
      throw new BadInput(
          where
              + ": the tokenizer has "
              + read.size()
              + " tokens, the model's embedding "
              + vocabulary
              + " rows; they do not belong together");
    }
    return read;
  }

  /** The tokenizer as a {@code tokenizer.json}. */
  String tokenizerJson() {
    try {
      return tokenizerSource.get();
    } catch (IllegalArgumentException e) {
      throw new BadInput(where + ": " + e.getMessage(), e);
    }
  }

  /** What {@code tokenizer_config.json} says, but for the chat template. */
  Map<String, Object> tokenizerConfig() {
    Map<String, Object> config = new TreeMap<>(variables);
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    config.put("clean_up_tokenization_spaces", false);
    return config;
  }

  /** What {@code generation_config.json} says. */
  Map<String, Object> generation() {
    Map<String, Object> config = new TreeMap<>();
    bos.ifPresent(id -> config.put("bos_token_id", id));
    if (!endTokens.isEmpty()) {
      config.put("eos_token_id", new TreeSet<>(endTokens));
    }
    return config;
  }

  Optional<ChatTemplate> template() {
    try {
      return chatTemplate.map(source -> ChatTemplate.parse(source, variables));
    } catch (IllegalArgumentException e) {
      throw new BadInput(where + ": chat template: " + e.getMessage(), e);
    }
  }
}
