package dev.palimpsest.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenizerTest {
  private static final int BOS = 0;
  private static final int EOS = 1;
  private static final int SPECIALS = 3;

  /** All 256 bytes after three special tokens, then what the merges make of them. */
  private static GgufVocabulary bytePairs(String pre) {
    List<String> tokens = new ArrayList<>(List.of("<s>", "<|im_end|>", "<s>x"));
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      tokens.add(Character.toString(printable ? b : next++));
    }
    tokens.addAll(List.of("he", "ll", "hell", "12", "\u0120\u0120"));
    int[] types = IntStream.range(0, tokens.size()).map(id -> id < SPECIALS ? 3 : 1).toArray();
    return new GgufVocabulary(
        "gpt2",
        pre,
        tokens,
        types,
        new float[0],
        List.of("h e", "l l", "he ll", "1 2", "\u0120 \u0120"),
        OptionalInt.of(BOS),
        OptionalInt.of(EOS),
        Optional.of(true),
        Optional.empty(),
        Optional.empty());
  }

  private static GgufVocabulary pieces(boolean spacePrefix) {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add(String.format("<0x%02X>", b));
    }
    List<String> words = List.of("\u2581", "a", "b", "ab", "\u2581a", "aa", "ba", "\u2581ab");
    tokens.addAll(words);
    float[] scores = new float[tokens.size()];
    int[] types = new int[tokens.size()];
    for (int id = 0; id < tokens.size(); id++) {
      types[id] = id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1;
      scores[id] = -id;
    }
    return new GgufVocabulary(
        "llama",
        "",
        tokens,
        types,
        scores,
        List.of(),
        OptionalInt.of(1),
        OptionalInt.of(2),
        Optional.empty(),
        Optional.of(true),
        Optional.of(spacePrefix));
  }

  private static List<String> tokens(Tokenizer tokenizer, String text) {
    return IntStream.of(tokenizer.encode(text)).mapToObj(tokenizer::token).toList();
  }

  @Test
  void encode_smollm_takesDigitsOneByOne() {
    assertThat(tokens(Tokenizer.of(bytePairs("smollm")), "hell12"))
        .containsExactly("hell", "1", "2");
    assertThat(tokens(Tokenizer.of(bytePairs("gpt-2")), "hell12")).containsExactly("hell", "12");
  }

  @Test
  void encode_overlappingSpecials_takesTheLongest() {
    Tokenizer tokenizer = Tokenizer.of(bytePairs("smollm"));

    assertThat(tokens(tokenizer, "<s>x<s><|im_end|>")).containsExactly("<s>x", "<s>", "<|im_end|>");
    assertThat(tokenizer.special(BOS)).isTrue();
    assertThat(tokenizer.special(SPECIALS)).isFalse();
  }

  @Test
  void encodeDocument_addBos_putsItFirst() {
    Tokenizer tokenizer = Tokenizer.of(bytePairs("smollm"));

    assertThat(tokenizer.encodeDocument("he"))
        .containsExactly(BOS, tokenizer.id("he").orElseThrow());
    assertThat(tokenizer.encode("")).isEmpty();
  }

  @Test
  void encode_longText_isTakenWhole() {
    Tokenizer tokenizer = Tokenizer.of(bytePairs("smollm"));

    assertThat(tokenizer.encode("hell ".repeat(100_000))).hasSize(200_000);
  }

  @Test
  void encodeWithOffsets_anyText_coversItWithoutGap() {
    Tokenizer tokenizer = Tokenizer.of(bytePairs("smollm"));
    String text = "hell\u00E9 \uD83D\uDE00<s> \u5B57\u0000\n  12";

    Encoding encoding = tokenizer.encodeWithOffsets(text);

    assertThat(encoding.ids()).isEqualTo(tokenizer.encode(text));
    assertThat(encoding.ends()).isSorted();
    assertThat(encoding.ends()).startsWith(4, 5, 5, 6, 8, 8, 8, 8, 11);
    assertThat(encoding.ends()).endsWith(text.length());
    StringBuilder covered = new StringBuilder();
    int start = 0;
    for (int end : encoding.ends()) {
      covered.append(text, start, end);
      start = end;
    }
    assertThat(covered.toString()).isEqualTo(text);
  }

  @Test
  void decode_ofEncode_isTheText() {
    Tokenizer tokenizer = Tokenizer.of(bytePairs("smollm"));
    String text = TokenizerText.part(1);

    assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
    assertThat(tokenizer.decodeText(tokenizer.encode("a<s>b<|im_end|>"))).isEqualTo("ab");
    assertThat(tokenizer.bytes(tokenizer.id("\u0120\u0120").orElseThrow())).isEqualTo(bytes("  "));
  }

  @Test
  void encode_loneSurrogate_countsAsReplacement() {
    Tokenizer tokenizer = Tokenizer.of(bytePairs("smollm"));

    assertThat(tokenizer.encode("\uD83D\uD83D\uDE00\uDE00"))
        .isEqualTo(tokenizer.encode("\uFFFD\uD83D\uDE00\uFFFD"));
  }

  @Test
  void encode_manyThreads_giveTheSameIds() throws Exception {
    Tokenizer tokenizer = Tokenizer.of(bytePairs("smollm"));
    String text = TokenizerText.part(2);
    int[] expected = tokenizer.encode(text);
    Callable<int[]> encode = () -> tokenizer.encode(text);

    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (Future<int[]> found :
          threads.invokeAll(IntStream.range(0, 8).mapToObj(i -> encode).toList())) {
        assertThat(found.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void encode_sentencePiece_mergesBestScoreThenLeftmost() {
    Tokenizer tokenizer = Tokenizer.of(pieces(false));

    assertThat(tokens(tokenizer, "aba")).containsExactly("ab", "a");
    assertThat(tokens(tokenizer, "aaa")).containsExactly("aa", "a");
    assertThat(tokens(tokenizer, " aba")).containsExactly("\u2581ab", "a");
    assertThat(tokens(tokenizer, "\u00E9")).containsExactly("<0xC3>", "<0xA9>");
    assertThat(tokenizer.encodeDocument("a")).startsWith(1).endsWith(2);
  }

  @Test
  void encodeWithOffsets_sentencePiece_countsThePrefixAsNothing() {
    Tokenizer tokenizer = Tokenizer.of(pieces(true));

    Encoding encoding = tokenizer.encodeWithOffsets("b\u00E9</s>a");

    assertThat(IntStream.of(encoding.ids()).mapToObj(tokenizer::token))
        .containsExactly("\u2581", "b", "<0xC3>", "<0xA9>", "</s>", "\u2581a");
    assertThat(encoding.ends()).containsExactly(0, 1, 2, 2, 6, 7);
    assertThat(tokenizer.decode(encoding.ids())).isEqualTo("b\u00E9</s>a");
  }

  @Test
  void of_unknownPre_isRefusedByName() {
    assertThatThrownBy(() -> Tokenizer.of(bytePairs("runes")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tokenizer.ggml.pre: \"runes\" is not supported");
  }

  @Test
  void ofJson_noTokenizer_isRefused() {
    assertThatThrownBy(() -> Tokenizer.ofJson("{\"model\": 3}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has no \"model\"");
    assertThatThrownBy(() -> Tokenizer.ofJson("{"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not JSON");
    assertThatThrownBy(() -> Tokenizer.ofJson("{\"model\": {\"type\": \"Runes\"}}"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void ofJson_truncationAndPadding_arePassedOver() {
    String json =
        """
        {"truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
         "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null,
                     "pad_id": 0, "pad_type_id": 0, "pad_token": "<s>"},
         "added_tokens": [{"id": 3, "content": "<s>", "single_word": false, "lstrip": false,
                           "rstrip": false, "normalized": false, "special": true}],
         "pre_tokenizer": {"type": "Whitespace"},
         "post_processor": {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                      {"Sequence": {"id": "A", "type_id": 0}}],
           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
           "special_tokens": {"<s>": {"id": "<s>", "ids": [3], "tokens": ["<s>"]}}},
         "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "?": 2}, "unk_token": "?"}}
        """;
    Tokenizer tokenizer = Tokenizer.ofJson(json);

    assertThat(tokenizer.encode("a b \uD83D\uDE00 a<s>")).containsExactly(0, 1, 2, 0, 3);
    assertThat(tokenizer.encodeDocument("a")).containsExactly(3, 0);
    assertThat(tokenizer.encodeWithOffsets("a b \uD83D\uDE00 a<s>").ends())
        .containsExactly(1, 3, 6, 8, 11);
    assertThat(tokenizer.size()).isEqualTo(4);
    assertThat(tokenizer.decodeText(new int[] {3, 0})).isEqualTo("a");
  }

  @Test
  void token_outsideTheVocabulary_isRefused() {
    Tokenizer tokenizer = Tokenizer.of(bytePairs("smollm"));

    assertThatThrownBy(() -> tokenizer.decode(new int[] {tokenizer.size()}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is outside the vocabulary");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
