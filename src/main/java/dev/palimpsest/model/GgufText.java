package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.GgufVocabulary;
import dev.palimpsest.tokenizer.Tokenizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** Reads the {@code tokenizer.*} metadata of a GGUF file. */
record GgufText(Gguf file) {
  private static final String PREFIX = "tokenizer.ggml.";

  ModelText read() {
    List<String> tokens = texts("tokens");
    return new ModelText(
        file.path().toString(),
        () -> Tokenizer.of(vocabulary()),
        () -> Tokenizer.json(vocabulary()),
        file.text("tokenizer.chat_template"),
        variables(tokens),
        endTokens(),
        id("bos_token_id"),
        file.text("general.license"));
  }

  private GgufVocabulary vocabulary() {
    return new GgufVocabulary(
        file.text(PREFIX + "model")
            .orElseThrow(
                () -> new BadInput(file.path() + ": has no tokenizer: tokenizer.ggml.model")),
        file.text(PREFIX + "pre").orElse(""),
        texts("tokens"),
        types(),
        scores(),
        texts("merges"),
        id("bos_token_id"),
        id("eos_token_id"),
        file.flag(PREFIX + "add_bos_token"),
        file.flag(PREFIX + "add_eos_token"),
        file.flag(PREFIX + "add_space_prefix"));
  }

  private List<String> texts(String key) {
    return file.texts(PREFIX + key).orElse(List.of());
  }

  private int[] types() {
    return value(
            "token_type",
            GgufValue.Wholes.class,
            "an array of whole numbers",
            v -> {
              int[] types = new int[v.values().length];
              for (int i = 0; i < types.length; i++) {
                types[i] = (int) v.values()[i];
              }
              return types;
            })
        .orElse(new int[0]);
  }

  private float[] scores() {
    return value(
            "scores",
            GgufValue.Reals.class,
            "an array of numbers",
            v -> {
              float[] scores = new float[v.values().length];
              for (int i = 0; i < scores.length; i++) {
                scores[i] = (float) v.values()[i];
              }
              return scores;
            })
        .orElse(new float[0]);
  }

  private <V extends GgufValue, T> Optional<T> value(
      String key, Class<V> type, String expected, Function<V, T> read) {
    return file.value(PREFIX + key, type, expected).map(read);
  }

  private OptionalInt id(String key) {
    Optional<Long> id = file.whole(PREFIX + key);
    // llama.cpp writes the largest number where there is no such token
    if (id.isEmpty() || id.get() == 0xFFFF_FFFFL || id.get() == -1) {
      return OptionalInt.empty();
    }
    if (id.get() < 0 || id.get() > Integer.MAX_VALUE) {
      throw new BadInput(
          file.path() + ": metadata " + PREFIX + key + " is " + id.get() + ", no id");
    }
    return OptionalInt.of(id.get().intValue());
  }

  private Set<Integer> endTokens() {
    Set<Integer> end = new TreeSet<>();
    for (String key : List.of("eos_token_id", "eot_token_id", "eom_token_id")) {
      id(key).ifPresent(end::add);
    }
    return end;
  }

  private Map<String, String> variables(List<String> tokens) {
    Map<String, String> variables = new LinkedHashMap<>();
    Map.of("bos", "bos", "eos", "eos", "unknown", "unk", "padding", "pad")
        .forEach(
            (gguf, hub) -> {
              OptionalInt id = id(gguf + "_token_id");
              if (id.isPresent() && id.getAsInt() < tokens.size()) {
                variables.put(hub + "_token", tokens.get(id.getAsInt()));
              }
            });
    return variables;
  }
}
