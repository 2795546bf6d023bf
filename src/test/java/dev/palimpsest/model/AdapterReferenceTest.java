package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Logits with PEFT's adapters against PEFT (reference/adapters.py). */
class AdapterReferenceTest {
  static final JsonNode ADAPTERS = Reference.json("adapters").get("adapters");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "second",
        "patterns",
        "rslora",
        "one-layer",
        "excluded",
        "dora",
        "regex",
        "qwen2-plain",
        "qwen2-dora",
        "qwen3-plain",
        "gemma3-plain",
        "mistral-plain",
        "saved-head",
        "saved-head-tied",
        "saved-embedding",
        "saved-embedding-tied",
        "saved-ensured",
        "embedding",
        "embedding-tied",
        "embedding-ensured",
        "embedding-with-base",
        "gemma3-embedding",
        "head-tied",
        "head-dora",
        "tokens",
        "tokens-tied",
        "tokens-both",
        "tokens-apart",
        "gemma3-tokens",
        "tokens-head"
      })
  void logits_withAdapter_arePefts(String name) {
    JsonNode expected = Reference.named(ADAPTERS, name);
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(expected);
        Decoder decoder =
            Decoder.load(
                checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.best())) {
      Adapter adapter = open(Reference.adapter(name), checkpoint.config());

      if (expected.has("modules")) {
        assertModules(expected, adapter);
      }
      assertLogits(expected, decoder, adapter);
    }
  }

  private static void assertModules(JsonNode expected, Adapter adapter) {
    assertThat(adapter.factors().keySet())
        .containsExactlyInAnyOrderElementsOf(Reference.names(expected.get("modules")));
    for (JsonNode module : expected.get("modules")) {
      Factors factors = adapter.factors().get(module.get("name").asString());
      assertThat(factors.rank()).isEqualTo(module.get("rank").asInt());
      assertThat(factors.scale()).isCloseTo(module.get("scale").asDouble(), within(1e-6));
    }
  }

  private static void assertLogits(JsonNode expected, Decoder decoder, Adapter adapter) {
    AdaptedDecoder adapted = adapter.over(decoder);
    assertLogits(expected, adapted);
    assertLogits(expected, adapted.prepared());
  }

  private static void assertLogits(JsonNode expected, AdaptedDecoder adapted) {
    int[] ids = Reference.ints(expected.get("ids"));
    int[] rows = Reference.ints(expected.get("rows"));
    float[][] found = new float[rows.length][];
    Native.withoutGradients(
        () -> {
          Tensor hidden = adapted.hidden(Ragged.of(ids));
          for (int i = 0; i < rows.length; i++) {
            found[i] = adapted.logits(hidden.narrow(0, rows[i], 1)).floats();
          }
          return found;
        });
    for (int i = 0; i < rows.length; i++) {
      float[] logits = Reference.floats(expected.get("logits").get(i));
      assertThat(found[i]).as("row %s", rows[i]).containsExactly(logits, within(1e-4f));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "saved-head-tied",
        "saved-ensured",
        "embedding",
        "embedding-ensured",
        "embedding-with-base",
        "head-dora",
        "tokens-tied",
        "tokens-both",
        "tokens-head"
      })
  void write_adapterOfTheEnds_readsBackTheSame(String name, @TempDir Path folder) {
    JsonNode expected = Reference.named(ADAPTERS, name);
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(expected);
        Decoder decoder =
            Decoder.load(
                checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.best())) {
      PeftFolder.write(folder, open(Reference.adapter(name), checkpoint.config()));

      if (!name.endsWith("with-base")) { // what PEFT saved of the base is ours to the adapter
        assertThat(names(folder)).isEqualTo(names(Reference.adapter(name)));
      }
      assertLogits(expected, decoder, open(folder, checkpoint.config()));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "saved-head-tied, the adapter changes lm_head",
    "saved-ensured, the adapter changes lm_head and model.embed_tokens",
    "embedding, the adapter changes lm_head and model.embed_tokens",
    "tokens-tied, the adapter changes lm_head and model.embed_tokens",
    "bias, bias"
  })
  void read_adapterOfMoreThanTheBlocks_isRefusedByName(String name, String reason) {
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(Reference.named(ADAPTERS, name))) {
      ModelConfig config = checkpoint.config();

      assertThatThrownBy(() -> PeftFolder.read(Reference.adapter(name), config))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(reason);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"modules_to_save\": [\"norm\"] | modules_to_save has norm, known are lm_head and"
            + " embed_tokens",
        "\"modules_to_save\": [\"lm_head\"] | lm_head.weight is missing, expected [320, 32]",
        "\"trainable_token_indices\": [3, 3] | trainable_token_indices is [3,3], not different ids",
        "\"trainable_token_indices\": [320] | trainable_token_indices has 320, the model has 320"
            + " tokens",
        "\"trainable_token_indices\": {\"score\": [3]} | trainable_token_indices has score",
        "\"trainable_token_indices\": [3], \"modules_to_save\": [\"lm_head\"] | both"
            + " modules_to_save and trainable_token_indices change lm_head",
        "\"trainable_token_indices\": {\"lm_head\": [3], \"embed_tokens\": [4]},"
            + " \"ensure_weight_tying\": true | differ where ensure_weight_tying is asked for"
      })
  void open_settingsOfTheEndsThatDoNotFit_areRefusedByName(
      String settings, String reason, @TempDir Path folder) throws IOException {
    Files.copy(
        Reference.adapter("plain").resolve("adapter_model.safetensors"),
        folder.resolve("adapter_model.safetensors"));
    Files.writeString(
        folder.resolve("adapter_config.json"),
        """
        {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": "all-linear", %s}
        """
            .formatted(settings));
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(Reference.named(ADAPTERS, "plain"))) {
      ModelConfig config = checkpoint.config();

      assertThatThrownBy(() -> PeftFolder.open(folder, config))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(reason);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"saved-head", "tokens-tied"})
  void scaled_weightsInThePlaceOfTheBases_isRefusedByName(String name) {
    JsonNode expected = Reference.named(ADAPTERS, name);
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(expected);
        Decoder decoder =
            Decoder.load(
                checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.best())) {
      AdaptedDecoder adapted = open(Reference.adapter(name), checkpoint.config()).over(decoder);

      assertThatThrownBy(() -> adapted.scaled(0.5))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("lm_head");
    }
  }

  @Test
  void hidden_textWithoutTheTrainedTokens_isTheBases() {
    JsonNode expected = Reference.named(ADAPTERS, "tokens-tied");
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(expected);
        Decoder decoder =
            Decoder.load(
                checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.best())) {
      EndWeights ends = open(Reference.adapter("tokens-tied"), checkpoint.config()).ends();
      Ragged others = Ragged.of(new int[] {4, 200, 6}); // TOKENS in reference/adapters.py

      assertThat(new AdaptedDecoder(decoder, Map.of(), ends).hidden(others).floats())
          .containsExactly(AdaptedDecoder.base(decoder).hidden(others).floats());
    }
  }

  @Test
  void scaled_byZero_isTheBase() {
    JsonNode expected = Reference.named(ADAPTERS, "plain");
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(expected);
        Decoder decoder =
            Decoder.load(
                checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.best())) {
      Adapter adapter = PeftFolder.read(Reference.adapter("plain"), checkpoint.config());
      Ragged ids = Ragged.of(Reference.ints(expected.get("ids")));
      AdaptedDecoder adapted = new AdaptedDecoder(decoder, adapter.factors());

      List<float[]> hidden = new ArrayList<>();
      Native.withoutGradients(
          () -> {
            hidden.add(AdaptedDecoder.base(decoder).hidden(ids).floats());
            hidden.add(adapted.scaled(0).hidden(ids).floats());
            return hidden;
          });

      assertThat(hidden.get(1)).containsExactly(hidden.get(0), within(1e-5f));
    }
  }

  @Test
  void scaled_dora_isRefusedByName() {
    JsonNode expected = Reference.named(ADAPTERS, "dora");
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(expected);
        Decoder decoder =
            Decoder.load(
                checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.best())) {
      AdaptedDecoder adapted =
          new AdaptedDecoder(
              decoder, PeftFolder.read(Reference.adapter("dora"), checkpoint.config()).factors());

      assertThatThrownBy(() -> adapted.scaled(0.5))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("a DoRA adapter cannot be scaled");
    }
  }

  private static Set<String> names(Path folder) {
    try (Safetensors file = Safetensors.open(folder.resolve("adapter_model.safetensors"))) {
      return Set.copyOf(file.tensors().keySet());
    }
  }

  private static Adapter open(Path folder, ModelConfig model) {
    return (Adapter) PeftFolder.open(folder, model).on(Device.best());
  }

  private static Checkpoint open(JsonNode entry) {
    return Checkpoint.open(Reference.checkpoint(entry.get("checkpoint").asString()));
  }
}
