package dev.palimpsest.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Hugging Face tokenizer.json, made fit for exact work: never truncated, never padded, and with
 * offsets that count white space.
 */
final class TokenizerJson {
  /** The native library's parser goes no deeper than 127, and some of its parts end the process. */
  private static final int DEEPEST = 100;

  /** Far above every vocabulary; a bound on what a hostile file makes us allocate. */
  private static final int MOST_IDS = 10_000_000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                  .build())
          .build();

  private final ObjectNode root;

  /**
   * Reads the text.
   *
   * @throws IllegalArgumentException saying what is no tokenizer.json about it
   */
  TokenizerJson(String json) {
    root = read(json);
    root.putNull("truncation");
    root.putNull("padding");
    countWhiteSpace(root.path("post_processor"));
  }

  private static ObjectNode read(String json) {
    JsonNode read;
    try {
      read = MAPPER.readTree(json);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("tokenizer.json: not JSON: " + e.getOriginalMessage(), e);
    }
    if (!(read instanceof ObjectNode object) || !object.path("model").isObject()) {
      throw new IllegalArgumentException("tokenizer.json: has no \"model\", expected an object");
    }
    return object;
  }

  /**
   * The document with more added tokens, looked for in a text as they are written. Their ids count
   * on as the library has it ({@code added_vocabulary.rs}, {@code add_tokens}): from the size of
   * the model's vocabulary, or from the last added token where that is past it.
   */
  static String extended(String json, List<String> tokens, boolean special) {
    ObjectNode root = read(json);
    ArrayNode added = root.withArray("added_tokens");
    int id = root.path("model").path("vocab").size();
    for (JsonNode token : added) {
      id = Math.max(id, id(token.path("id")) + 1);
    }
    for (String token : tokens) {
      ObjectNode entry = added.addObject().put("id", id++).put("content", token);
      entry.put("single_word", false).put("lstrip", false).put("rstrip", false);
      entry.put("normalized", false).put("special", special);
    }
    return root.toString();
  }

  private static void countWhiteSpace(JsonNode node) {
    if (node instanceof ObjectNode object && object.has("trim_offsets")) {
      object.put("trim_offsets", false);
    }
    for (JsonNode child : node) {
      countWhiteSpace(child);
    }
  }

  String text() {
    return root.toString();
  }

  /** The whole document. */
  JsonNode root() {
    return root;
  }

  Vocabulary vocabulary() {
    Map<Integer, String> texts = new TreeMap<>();
    JsonNode vocab = root.path("model").path("vocab");
    if (vocab.isArray()) {
      // unigram: [piece, score] in the order of the ids
      for (JsonNode piece : vocab) {
        texts.put(texts.size(), piece.path(0).asString(""));
      }
    } else {
      vocab.properties().forEach(entry -> texts.put(id(entry.getValue()), entry.getKey()));
    }
    for (JsonNode token : root.path("added_tokens")) {
      texts.put(id(token.path("id")), token.path("content").asString(""));
    }
    int size = texts.isEmpty() ? 0 : Collections.max(texts.keySet()) + 1;
    @Nullable String[] byId = new String[size];
    texts.forEach((id, text) -> byId[id] = text);
    boolean[] added = new boolean[size];
    boolean[] special = new boolean[size];
    for (JsonNode token : root.path("added_tokens")) {
      int id = id(token.path("id"));
      added[id] = true;
      special[id] = token.path("special").asBoolean(false);
    }
    return new Vocabulary(byId, added, special, bytes());
  }

  private static int id(JsonNode node) {
    int id = node.isIntegralNumber() ? node.asInt(-1) : -1;
    if (id < 0 || id >= MOST_IDS) {
      throw new IllegalArgumentException(
          "tokenizer.json: a token's id is "
              + (node.isMissingNode() ? "missing" : node)
              + ", expected a whole number from 0 to "
              + (MOST_IDS - 1));
    }
    return id;
  }

  private Function<String, byte[]> bytes() {
    String decoder = root.path("decoder").toString();
    if (decoder.contains("\"ByteLevel\"")) {
      return ByteAlphabet::bytes;
    }
    if (decoder.contains("\"ByteFallback\"") || decoder.contains("\u2581")) {
      return Vocabulary::sentencePieceBytes;
    }
    return token -> token.getBytes(StandardCharsets.UTF_8);
  }
}
