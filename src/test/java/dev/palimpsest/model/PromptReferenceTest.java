package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Soft prompts and prefixes against PEFT (reference/prompts.py). */
class PromptReferenceTest {
  private static final JsonNode CASES = Reference.json("prompts").get("cases");

  @TempDir private Path folder;

  @ParameterizedTest
  @MethodSource("dev.palimpsest.PromptCases#names")
  void logits_severalDocumentsInOnePass_arePeftsOfEach(String name) {
    JsonNode expected = Reference.named(CASES, name);
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(expected)) {
      PeftAdapter adapter =
          PeftFolder.open(Reference.adapter(name), decoder.config()).on(Device.best());
      AdaptedDecoder over = adapter.over(decoder);

      assertThat(over.virtualTokens()).isEqualTo(expected.get("tokens").asInt());
      assertThat(over.context())
          .isEqualTo(decoder.config().context() - expected.get("tokens").asInt());
      assertLogits(expected, over);
      assertLogits(expected, over.prepared());
    }
  }

  private static void assertLogits(JsonNode expected, AdaptedDecoder over) {
    List<int[]> documents = new ArrayList<>();
    expected.get("documents").forEach(d -> documents.add(Reference.ints(d.get("ids"))));
    Tensor hidden = Native.withoutGradients(() -> over.hidden(Ragged.of(documents)));
    int start = 0;
    for (int i = 0; i < documents.size(); i++) {
      JsonNode of = expected.get("logits").get(i);
      int[] rows = Reference.ints(of.get("rows"));
      for (int j = 0; j < rows.length; j++) {
        assertThat(over.logits(hidden.narrow(0, start + rows[j], 1)).floats())
            .as("document %s, row %s", i, rows[j])
            .containsExactly(Reference.floats(of.get("logits").get(j)), within(1e-4f));
      }
      start += documents.get(i).length;
    }
  }

  /** A prefix can be what any text leaves in the cache. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen3", "gemma3"})
  void prefix_ofIds_doesWhatTheIdsDo(String name) {
    int[] before = {5, 80, 17, 3, 44, 29, 61, 12, 7, 90, 33, 21};
    int[] after = {50, 4, 77, 18, 66};
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(name)) {
      List<float[]> found =
          Native.withoutGradients(
              () -> {
                VirtualTokens tokens =
                    new VirtualTokens(
                        VirtualTokens.Kind.PREFIX, VirtualTokens.prefix(decoder, before));
                int[] joined =
                    IntStream.concat(Arrays.stream(before), Arrays.stream(after)).toArray();
                return List.of(
                    new AdaptedDecoder(decoder, tokens).hidden(Ragged.of(after)).floats(),
                    AdaptedDecoder.base(decoder)
                        .hidden(Ragged.of(joined))
                        .narrow(0, before.length, after.length)
                        .floats());
              });

      assertThat(found.getFirst()).containsExactly(found.getLast(), within(1e-5f));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"prompt", "gemma3-prefix"})
  void write_readAgain_isTheSame(String name) throws IOException {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(Reference.named(CASES, name))) {
      ModelConfig config = decoder.config();
      VirtualTokens tokens = tokens(Reference.adapter(name), config);

      PeftFolder.write(
          folder, new PromptAdapter(tokens, Optional.of("b"), Optional.of("f")), config);

      PeftAdapter read = PeftFolder.open(folder, config);
      assertThat(read.baseName()).contains("b");
      assertThat(read.baseFingerprint()).contains("f");
      assertThat(tokens(folder, config).kind()).isEqualTo(tokens.kind());
      assertThat(tokens(folder, config).embeddings().floats())
          .containsExactly(tokens.embeddings().floats());
      ObjectNode written = config(folder);
      ObjectNode pefts = config(Reference.adapter(name));
      written
          .propertyNames()
          .forEach(
              field -> {
                if (!field.equals("base_model_name_or_path")) {
                  assertThat(written.get(field)).as(field).isEqualTo(pefts.get(field));
                }
              });
      assertThat(written.propertyNames())
          .contains("token_dim", "num_layers", "num_attention_heads", "num_transformer_submodules");
    }
  }

  private static VirtualTokens tokens(Path from, ModelConfig config) {
    return ((PromptAdapter) PeftFolder.open(from, config)).tokens();
  }

  private static ObjectNode config(Path from) {
    return (ObjectNode) Json.read(from.resolve("adapter_config.json"));
  }

  @ParameterizedTest
  @CsvSource({
    "task_type, '\"SEQ_2_SEQ_LM\"', task_type SEQ_2_SEQ_LM",
    "modules_to_save, '[\"lm_head\"]', modules_to_save",
    "num_layers, 3, 'num_layers is 3, this model has 2'",
    "token_dim, 48, token_dim is 48",
    "num_transformer_submodules, 2, num_transformer_submodules is 2",
    "num_virtual_tokens, 7, 'prompt_embeddings is [5, 32], expected [7, 32]'",
    "num_virtual_tokens, 100000, leave no room in a context",
    "a_new_setting, 1, a_new_setting is not supported"
  })
  void open_whatDoesNotFit_isRefusedByName(String field, String value, String reason)
      throws IOException {
    ObjectNode config = config(Reference.adapter("prompt"));
    config.set(field, Json.parse(value, field));
    Files.copy(
        Reference.adapter("prompt").resolve("adapter_model.safetensors"),
        folder.resolve("adapter_model.safetensors"));
    Files.writeString(folder.resolve("adapter_config.json"), Json.write(config));
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint("llama"))) {
      assertThatThrownBy(() -> PeftFolder.open(folder, checkpoint.config()))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(reason)
          .hasMessageContaining(folder.toString());
    }
  }

  @Test
  void read_asFactors_isRefusedByName() {
    try (Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint("llama"))) {
      assertThatThrownBy(() -> PeftFolder.read(Reference.adapter("prompt"), checkpoint.config()))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("PROMPT_TUNING changes no weights");
    }
  }

  @Test
  void scaled_byAnythingButOne_isRefused() {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder("llama")) {
      AdaptedDecoder over =
          PeftFolder.open(Reference.adapter("prefix"), decoder.config()).over(decoder);

      assertThat(over.scaled(1)).isSameAs(over);
      assertThatThrownBy(() -> over.scaled(0.5))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("scale 0.5");
    }
  }

  private static Decoder decoder(JsonNode expected) {
    return decoder(expected.get("checkpoint").asString());
  }

  private static Decoder decoder(String name) {
    try (Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint(name))) {
      return Decoder.load(checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.best());
    }
  }
}
