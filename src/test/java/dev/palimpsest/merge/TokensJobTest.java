package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Added tokens, against transformers' ({@code reference/tokens.py}), and what is refused. */
class TokensJobTest {
  private static final Path LLAMA = Reference.checkpoint("llama");

  @TempDir private Path folder;

  private Path out() {
    return folder.resolve("grown");
  }

  private GrownTokens grow(Path base, List<String> tokens, boolean special, TokensJob.Init init) {
    return new TokensJob(
            "base", tokens, special, init, Optional.of(DType.F32), GrowJob.Check.LOGITS)
        .run(out(), _ -> base, Progress.none());
  }

  static Stream<Arguments> cases() {
    return StreamSupport.stream(Reference.json("tokens").get("grown").spliterator(), false)
        .map(each -> Arguments.of(each.get("checkpoint").asString(), each));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void tokens_ofAnyFamily_areTransformers(String name, JsonNode expected) throws IOException {
    GrownTokens grown =
        grow(
            base(name, expected.get("tokenizer").asString()),
            texts(expected.get("tokens")),
            expected.get("special").asBoolean(),
            TokensJob.Init.valueOf(expected.get("init").asString().toUpperCase(Locale.ROOT)));

    assertThat(grown.tokens().stream().mapToInt(GrownTokens.Token::id).toArray())
        .isEqualTo(Reference.ints(expected.get("ids")));
    assertThat(grown.vocabularyAfter()).isEqualTo(expected.get("vocabulary").asInt());
    assertThat(grown.maxLogitChange()).isLessThan(1e-5);
    try (Checkpoint after = Checkpoint.open(out())) {
      Tokenizer tokenizer = after.tokenizer();
      for (JsonNode text : expected.get("texts")) {
        assertThat(tokenizer.encode(text.get("text").asString()))
            .as(text.get("text").asString())
            .isEqualTo(Reference.ints(text.get("ids")));
      }
      assertThat(tokenizer.special(grown.tokens().getFirst().id()))
          .isEqualTo(expected.get("special").asBoolean());
    }
    requireLogits(expected);
  }

  private void requireLogits(JsonNode expected) {
    int[] rows = Reference.ints(expected.get("rows"));
    float[] logits = Logits.of(out(), Reference.ints(expected.get("sequence")));
    for (int i = 0; i < rows.length; i++) {
      float[] row = Reference.floats(expected.get("logits").get(i));
      int from = rows[i] * row.length;
      assertThat(Arrays.copyOfRange(logits, from, from + row.length))
          .containsExactly(row, within(1e-4f));
    }
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asString()));
    return texts;
  }

  /** A checkpoint with another tokenizer. */
  private Path base(String name, String tokenizer) throws IOException {
    Path base = Files.createDirectory(folder.resolve("base"));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(Reference.checkpoint(name).resolve(file), base.resolve(file));
    }
    Files.writeString(base.resolve("tokenizer.json"), tokenizer);
    return base;
  }

  @Test
  void tokens_twiceAndThenLayers_areAllRecorded() {
    grow(LLAMA, List.of("<a>"), false, TokensJob.Init.MEAN);
    Path first = out();
    Path second = folder.resolve("second");
    new TokensJob(
            "first",
            List.of("<b>"),
            true,
            TokensJob.Init.PIECES,
            Optional.empty(),
            GrowJob.Check.NONE)
        .run(second, _ -> first, Progress.none());
    Path third = folder.resolve("third");
    new GrowJob("second", new BlockExpansion(1), Optional.empty(), GrowJob.Check.NONE)
        .run(third, _ -> second, Progress.none());

    JsonNode record = Json.read(third.resolve("growth.json"));
    assertThat(record.get("new_tokens").toString()).isEqualTo("{\"<a>\":320,\"<b>\":321}");
    assertThat(GrowthRecord.selection(third)).isEqualTo("layers:2");
  }

  /** What is read by transformers alone. */
  @Test
  void specialTokens_standInTheTokenizersConfiguration() throws IOException {
    Path base = base("llama", Files.readString(LLAMA.resolve("tokenizer.json")));
    Files.writeString(
        base.resolve("tokenizer_config.json"),
        "{\"added_tokens_decoder\": {}, \"extra_special_tokens\": [\"<old>\"]}");
    Files.writeString(base.resolve("added_tokens.json"), "{\"<old>\": 7}");

    grow(base, List.of("<a>"), true, TokensJob.Init.MEAN);

    JsonNode config = Json.read(out().resolve("tokenizer_config.json"));
    assertThat(config.at("/added_tokens_decoder/320/content").asString()).isEqualTo("<a>");
    assertThat(config.get("extra_special_tokens").toString()).isEqualTo("[\"<old>\",\"<a>\"]");
    assertThat(Json.read(out().resolve("added_tokens.json")).toString())
        .isEqualTo("{\"<old>\":7,\"<a>\":320}");
  }

  @Test
  void tokens_thatCannotBeAdded_areToldAtOnce() {
    assertThatThrownBy(
            () -> grow(LLAMA, List.of("<|im_end|>", "<a>", "", "<a>"), false, TokensJob.Init.MEAN))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("\"<|im_end|>\" is there already, id 2")
        .hasMessageContaining("token 3 is empty")
        .hasMessageContaining("\"<a>\" is token 2 and 4");
    assertThat(out()).doesNotExist();
  }
}
