package dev.palimpsest.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From a tokenizer.json to GGUF's keys; llama.cpp's side is in GgufModelTest. */
class ByteLevelVocabularyTest {
  private static final OptionalInt NONE = OptionalInt.empty();

  private static String tiny() throws IOException {
    return Files.readString(Reference.checkpoint("llama").resolve("tokenizer.json"));
  }

  /** A GGUF vocabulary with digits in its merges, so that the ways of cutting show. */
  private static GgufVocabulary of(String pre) {
    List<String> tokens =
        IntStream.range(0, 0x144)
            .mapToObj(c -> String.valueOf((char) c))
            .filter(c -> c.charAt(0) > 0xFF || ByteAlphabet.bytes(c).length == 1)
            .collect(Collectors.toCollection(ArrayList::new));
    List<String> merges =
        List.of("1 2", "12 3", "123 4", "Ġ Ġ", "Ġ a", ". .", "Ċ Ċ", "' s", "' S", "! Ċ", "_ f");
    merges.forEach(merge -> tokens.add(merge.replace(" ", "")));
    return new GgufVocabulary(
        "gpt2",
        pre,
        tokens,
        new int[0],
        new float[0],
        merges,
        NONE,
        NONE,
        Optional.of(false),
        Optional.of(false),
        Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"smollm", "gpt-2", "llama-bpe", "qwen2", "default"})
  void gguf_aTokenizerOfEachKind_isNamed(String pre) {
    GgufVocabulary stored = of(pre);

    GgufVocabulary found =
        Tokenizer.gguf(Tokenizer.json(stored), stored.tokens().size() + 2, NONE, NONE);

    assertThat(found.pre()).isEqualTo(pre);
    assertThat(found.merges()).isEqualTo(stored.merges());
    assertThat(found.tokens().subList(0, stored.tokens().size())).isEqualTo(stored.tokens());
    assertThat(found.tokens().getLast()).startsWith("[PAD");
    assertThat(found.types()[stored.tokens().size()]).isEqualTo(GgufVocabulary.UNUSED);
  }

  @Test
  void gguf_specialTokens_areControlTokens() throws IOException {
    GgufVocabulary found = Tokenizer.gguf(tiny(), 320, OptionalInt.of(1), OptionalInt.of(2));

    assertThat(found.types()).startsWith(3, 3, 3, 1);
    assertThat(found.addBos()).contains(false);
    assertThat(found.addEos()).contains(false);
  }

  @Test
  void gguf_aPostProcessorThatPutsBosFirst_isSaid() throws IOException {
    String framed =
        tiny()
            .replaceFirst(
                "\"single\": \\[",
                "\"single\": [{\"SpecialToken\": {\"id\": \"<|im_start|>\", \"type_id\": 0}},")
            .replaceFirst(
                "\"special_tokens\": \\{\\}",
                "\"special_tokens\": {\"<|im_start|>\": {\"id\": \"<|im_start|>\", \"ids\": [1],"
                    + " \"tokens\": [\"<|im_start|>\"]}}");

    GgufVocabulary found = Tokenizer.gguf(framed, 320, OptionalInt.of(1), OptionalInt.of(2));

    assertThat(found.addBos()).contains(true);
    assertThatThrownBy(() -> Tokenizer.gguf(framed, 320, OptionalInt.of(0), OptionalInt.of(2)))
        .hasMessageContaining("post_processor");
  }

  @ParameterizedTest
  @CsvSource({
    "'\"single_word\": false', '\"single_word\": true', single_word",
    "'\"type\": \"ByteLevel\"', '\"type\": \"Metaspace\"', SentencePiece",
    "'\"type\": \"BPE\"', '\"type\": \"Unigram\"', Unigram",
    "'\"normalizer\": null', '\"normalizer\": {\"type\": \"Lowercase\"}', Lowercase",
  })
  void gguf_whatGgufCannotSay_isRefused(String from, String to, String named) throws IOException {
    String changed = tiny().replace(from, to);
    assertThat(changed).isNotEqualTo(tiny());

    assertThatThrownBy(() -> Tokenizer.gguf(changed, 320, OptionalInt.of(1), OptionalInt.of(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(named);
  }

  @Test
  void gguf_aWayOfCuttingThatLlamaCppDoesNotHave_isRefused() throws IOException {
    String changed = tiny().replace("\"add_prefix_space\": false", "\"add_prefix_space\": true");

    assertThatThrownBy(() -> Tokenizer.gguf(changed, 320, OptionalInt.of(1), OptionalInt.of(2)))
        .hasMessageContaining("pre_tokenizer");
  }
}
