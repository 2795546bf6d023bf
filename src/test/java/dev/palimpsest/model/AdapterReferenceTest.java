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
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Logits with PEFT's adapters against PEFT (reference/adapters.py). */
class AdapterReferenceTest {
  private static final JsonNode ADAPTERS = Reference.json("adapters").get("adapters");

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
        "mistral-plain"
      })
  void logits_withAdapter_arePefts(String name) {
    JsonNode expected = Reference.named(ADAPTERS, name);
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(expected);
        Decoder decoder =
            Decoder.load(checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.CPU)) {
      Adapter adapter = PeftFolder.read(Reference.adapter(name), checkpoint.config());

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
    AdaptedDecoder adapted = new AdaptedDecoder(decoder, adapter.factors());
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
  @CsvSource({
    "saved-head-tied, modules_to_save",
    "saved-head, modules_to_save",
    "embedding, lm_head",
    "bias, bias"
  })
  void read_adapterOfAnotherKind_isRefusedByName(String name, String reason) {
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(Reference.named(ADAPTERS, name))) {
      ModelConfig config = checkpoint.config();

      assertThatThrownBy(() -> PeftFolder.read(Reference.adapter(name), config))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(reason);
    }
  }

  @Test
  void scaled_byZero_isTheBase() {
    JsonNode expected = Reference.named(ADAPTERS, "plain");
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = open(expected);
        Decoder decoder =
            Decoder.load(checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.CPU)) {
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
            Decoder.load(checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.CPU)) {
      AdaptedDecoder adapted =
          new AdaptedDecoder(
              decoder, PeftFolder.read(Reference.adapter("dora"), checkpoint.config()).factors());

      assertThatThrownBy(() -> adapted.scaled(0.5))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("a DoRA adapter cannot be scaled");
    }
  }

  private static Checkpoint open(JsonNode entry) {
    return Checkpoint.open(Reference.checkpoint(entry.get("checkpoint").asString()));
  }
}
