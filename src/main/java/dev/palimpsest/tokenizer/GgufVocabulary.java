package dev.palimpsest.tokenizer;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The tokenizer as a GGUF file stores it, in the {@code tokenizer.ggml.*} keys named below.
 *
 * @param model {@code model}: "gpt2" (byte-level BPE) or "llama" (SentencePiece)
 * @param pre {@code pre}: name of the pre-tokenizer, empty where the file has none
 * @param tokens {@code tokens}, by id
 * @param types {@code token_type}, by id: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused,
 *     6 byte; empty where the file has none
 * @param scores {@code scores}, by id; empty where the file has none
 * @param merges {@code merges}, "left right", best first; empty for "llama"
 * @param bos {@code bos_token_id}
 * @param eos {@code eos_token_id}
 * @param addBos {@code add_bos_token}, where the file says
 * @param addEos {@code add_eos_token}, where the file says
 * @param addSpacePrefix {@code add_space_prefix}, where the file says
 */
@SuppressWarnings("ArrayRecordComponent") // shared, never written: hundreds of thousands of entries
public record GgufVocabulary(
    String model,
    String pre,
    List<String> tokens,
    int[] types,
    float[] scores,
    List<String> merges,
    OptionalInt bos,
    OptionalInt eos,
    Optional<Boolean> addBos,
    Optional<Boolean> addEos,
    Optional<Boolean> addSpacePrefix) {

  static final int NORMAL = 1;
  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  static final int BYTE = 6;

  /** Checks that the lists fit each other. */
  public GgufVocabulary {
    tokens = List.copyOf(tokens);
    merges = List.copyOf(merges);
    require(!tokens.isEmpty(), "tokenizer.ggml.tokens: empty, expected the vocabulary");
    requireLength("token_type", types.length, tokens.size());
    requireLength("scores", scores.length, tokens.size());
    requireId("bos_token_id", bos, tokens.size());
    requireId("eos_token_id", eos, tokens.size());
  }

  int type(int id) {
    return types.length == 0 ? NORMAL : types[id];
  }

  private static void requireLength(String key, int found, int expected) {
    require(
        found == 0 || found == expected,
        "tokenizer.ggml." + key + ": has " + found + " entries, expected " + expected);
  }

  private static void requireId(String key, OptionalInt id, int size) {
    require(
        id.isEmpty() || (id.getAsInt() >= 0 && id.getAsInt() < size),
        "tokenizer.ggml." + key + ": " + id + " is outside the vocabulary of " + size);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
