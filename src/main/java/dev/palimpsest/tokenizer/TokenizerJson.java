package dev.palimpsest.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Hugging Face tokenizer.json, made fit for exact work: never truncated, never padded, and with
 * offsets that count white space.
 */
final class TokenizerJson {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final ObjectNode root;

  /**
   * Reads the text.
   *
   * @throws IllegalArgumentException saying what is no tokenizer.json about it
   */
  TokenizerJson(String json) {
    JsonNode read;
    try {
      read = MAPPER.readTree(json);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("tokenizer.json: not JSON: " + e.getOriginalMessage(), e);
    }
    if (!(read instanceof ObjectNode object) || !object.path("model").isObject()) {
      throw new IllegalArgumentException("tokenizer.json: has no \"model\", expected an object");
    }
    root = object;
    root.putNull("truncation");
    root.putNull("padding");
    countWhiteSpace(root.path("post_processor"));
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
        texts.put(texts.size(), piece.path(0).asString());
      }
    } else {
      vocab.properties().forEach(entry -> texts.put(entry.getValue().asInt(), entry.getKey()));
    }
    for (JsonNode token : root.path("added_tokens")) {
      texts.put(token.path("id").asInt(), token.path("content").asString());
    }
    int size = texts.isEmpty() ? 0 : Collections.max(texts.keySet()) + 1;
    @Nullable String[] byId = new String[size];
    texts.forEach((id, text) -> byId[id] = text);
    boolean[] added = new boolean[size];
    boolean[] special = new boolean[size];
    for (JsonNode token : root.path("added_tokens")) {
      int id = token.path("id").asInt();
      added[id] = true;
      special[id] = token.path("special").asBoolean();
    }
    return new Vocabulary(byId, added, special, bytes());
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
