package dev.palimpsest.model;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Problems;
import dev.palimpsest.run.TextFile;
import dev.palimpsest.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tokens that a model's tokenizer gets beside its own, as transformers' {@code add_tokens} gives
 * them ids: rows that the embedding has already for no token come first.
 *
 * @param known how many ids the tokenizer had; they keep their tokens
 * @param tokens by the ids that follow
 * @param pieces ids that each token's text was before
 * @param special whether they are part of no text
 */
public record AddedTokens(
    int known, List<String> tokens, List<List<Integer>> pieces, boolean special) {
  /** Copies the lists. */
  public AddedTokens {
    tokens = List.copyOf(tokens);
    pieces = List.copyOf(pieces);
  }

  /**
   * Tokens for a model.
   *
   * @throws BadInput naming all that is empty, comes twice, is there already, or would not be found
   *     in a text
   */
  public static AddedTokens of(Checkpoint base, List<String> tokens, boolean special) {
    base.tokenizer(); // it must be the model's
    String before = base.text().tokenizerJson();
    Tokenizer old = Tokenizer.ofJson(before);
    Problems problems = new Problems();
    if (tokens.isEmpty()) {
      problems.add("no token is given");
    }
    Map<String, Integer> first = new HashMap<>();
    for (int i = 0; i < tokens.size(); i++) {
      String token = tokens.get(i);
      Integer earlier = first.putIfAbsent(token, i + 1);
      OptionalInt there = old.id(token);
      if (token.isEmpty()) {
        problems.add("token " + (i + 1) + " is empty");
      } else if (earlier != null) {
        problems.add("\"" + token + "\" is token " + earlier + " and " + (i + 1));
      } else if (there.isPresent()) {
        problems.add("\"" + token + "\" is there already, id " + there.getAsInt());
      }
    }
    problems.throwIfAny("tokens that cannot be added to " + base.path());
    AddedTokens added =
        new AddedTokens(
            old.size(),
            tokens,
            tokens.stream().map(token -> boxed(old.encode(token))).toList(),
            special);
    added.requireFound(Tokenizer.ofJson(Tokenizer.json(before, tokens, special)), base.path());
    return added;
  }

  private static List<Integer> boxed(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }

  /**
   * The library, which counts ids by itself, must find every token, and give the ids that follow.
   */
  private void requireFound(Tokenizer tokenizer, Path base) {
    Problems problems = new Problems();
    for (int i = 0; i < tokens.size(); i++) {
      List<Integer> found = boxed(tokenizer.encode(tokens.get(i)));
      if (!found.equals(List.of(id(i)))) {
        problems.add(
            "\"%s\" would be %s in a text, expected %d".formatted(tokens.get(i), found, id(i)));
      }
    }
    problems.throwIfAny("tokens that the tokenizer of " + base + " would not find");
  }

  /** The id of a token. */
  public int id(int index) {
    return known + index;
  }

  /** By their ids, in their order. */
  public Map<String, Integer> ids() {
    Map<String, Integer> ids = new LinkedHashMap<>();
    for (int i = 0; i < tokens.size(); i++) {
      ids.put(tokens.get(i), id(i));
    }
    return ids;
  }

  /** The shape of the model that knows them. */
  public ModelConfig over(ModelConfig base) {
    return base.withVocabulary(Math.max(base.vocabulary(), known + tokens.size()));
  }

  /** Writes them into the files of a folder that was written with the base's tokenizer. */
  public void write(Path folder) {
    Path tokenizer = folder.resolve("tokenizer.json");
    String before = TextFile.read(tokenizer);
    AtomicFile.write(tokenizer, Tokenizer.json(before, tokens, special));
    change(folder.resolve("tokenizer_config.json"), this::addToConfig);
    change(
        folder.resolve("added_tokens.json"),
        document -> ids().forEach((token, id) -> document.put(token, id.intValue())));
  }

  private static void change(Path file, Consumer<ObjectNode> change) {
    if (Files.exists(file) && Json.read(file) instanceof ObjectNode document) {
      change.accept(document);
      AtomicFile.write(file, Json.writePretty(document) + "\n");
    }
  }

  /** What readers other than the library look at: the tokens, and which of them are special. */
  private void addToConfig(ObjectNode document) {
    if (document.path("added_tokens_decoder") instanceof ObjectNode byId) {
      ids()
          .forEach(
              (token, id) -> {
                ObjectNode entry = byId.putObject(String.valueOf(id)).put("content", token);
                entry.put("lstrip", false).put("normalized", false).put("rstrip", false);
                entry.put("single_word", false).put("special", special);
              });
    }
    if (special) {
      ArrayNode extra = document.withArray(extra(document));
      tokens.forEach(extra::add);
    }
  }

  /** transformers 5 has another word for the list than 4, and reads both. */
  private static String extra(ObjectNode document) {
    return document.path("extra_special_tokens").isArray()
        ? "extra_special_tokens"
        : "additional_special_tokens";
  }
}
