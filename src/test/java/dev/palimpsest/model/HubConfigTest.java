package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class HubConfigTest {
  private static final String SMALL =
      """
      {"model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "vocab_size": 128,
       "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2%s}\
      """;

  private static final String MIXTRAL =
      """
      {"model_type": "mixtral", "hidden_size": 64, "intermediate_size": 96, "vocab_size": 128,
       "num_hidden_layers": 3, "num_attention_heads": 8%s}\
      """;

  static List<JsonNode> cases() throws IOException {
    try (InputStream in = HubConfigTest.class.getResourceAsStream("/reference/configs.json")) {
      byte[] bytes = Objects.requireNonNull(in).readAllBytes();
      List<JsonNode> cases = new ArrayList<>();
      Json.parse(new String(bytes, StandardCharsets.UTF_8), "configs.json")
          .path("cases")
          .forEach(cases::add);
      return cases;
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void configOfTransformers_meansTheSame(JsonNode example) {
    JsonNode expected = example.path("expected");
    ModelConfig config = HubConfig.parse(example.path("config"), "config.json");
    boolean bias = expected.path("bias").booleanValue();
    boolean qwen2 = config.architecture() == Architecture.QWEN2;
    assertThat(config.vocabulary()).isEqualTo(expected.path("vocabulary").intValue());
    assertThat(config.width()).isEqualTo(expected.path("width").intValue());
    assertThat(config.layers()).isEqualTo(expected.path("layers").intValue());
    assertThat(config.heads()).isEqualTo(expected.path("heads").intValue());
    assertThat(config.keyValueHeads()).isEqualTo(expected.path("keyValueHeads").intValue());
    assertThat(config.headWidth()).isEqualTo(expected.path("headWidth").intValue());
    assertThat(config.feedForward()).isEqualTo(expected.path("feedForward").intValue());
    assertThat(config.context()).isEqualTo(expected.path("context").intValue());
    assertThat(config.normEpsilon()).isEqualTo(expected.path("normEpsilon").doubleValue());
    assertThat(config.queryScale())
        .isCloseTo(expected.path("queryScale").doubleValue(), within(1e-12));
    assertThat(config.tiedHead()).isEqualTo(expected.path("tiedHead").booleanValue());
    assertThat(config.queryKeyValueBias()).isEqualTo(bias);
    assertThat(config.outputBias()).isEqualTo(bias && !qwen2);
    assertThat(config.window()).isEqualTo(expected.path("window").intValue());
    assertThat(config.layerTypes().stream().map(Enum::name))
        .containsExactlyElementsOf(
            expected.path("layerTypes").valueStream().map(JsonNode::asString).toList());
    angles(config.rope(), config, expected.path("frequencies"));
    angles(config.localRope(), config, expected.path("localFrequencies"));
  }

  /** The sine at position 1 is that of the frequency itself. */
  private static void angles(ModelConfig.Rope rope, ModelConfig config, JsonNode frequencies) {
    float[] sines = new Rotary(rope, config.headWidth()).sines(new int[] {1}).floats();
    int half = config.headWidth() / 2;
    assertThat(frequencies.size()).isEqualTo(half);
    for (int i = 0; i < half; i++) {
      double expected = Math.sin(frequencies.get(i).doubleValue());
      assertThat((double) sines[half + i]).isCloseTo(expected, within(1e-6));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"mlp_bias\": true | mlp_bias",
        "\"hidden_act\": \"gelu\" | hidden_act",
        "\"partial_rotary_factor\": 0.5 | partial_rotary_factor",
        "\"final_logit_softcapping\": 30.0 | final_logit_softcapping",
        "\"quantization_config\": {\"bits\": 4} | quantization_config",
        "\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4} | rope_type yarn",
        "\"rope_scaling\": {\"rope_type\": \"linear\"} | factor is missing",
        "\"rope_theta\": -1 | rope_theta",
        "\"layer_types\": [\"chunked_attention\"] | chunked_attention",
        "\"layer_types\": [\"sliding_attention\"] | no window",
        "\"layer_types\": [\"full_attention\"] | 1 layer types for 3 layers",
        "\"head_dim\": 7 | head width 7",
        "\"head_dim\": 1e99 | head_dim",
        "\"rms_norm_eps\": 0 | rms_norm_eps",
        "\"attention_bias\": \"yes\" | attention_bias",
      })
  void settingNotUnderstood_isRefusedByName(String field, String named) {
    assertThatThrownBy(() -> parse(SMALL.formatted(", " + field)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining(named);
  }

  @Test
  void unknownArchitecture_isRefusedWithThoseKnown() {
    assertThatThrownBy(() -> parse("{\"model_type\": \"mamba\"}"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("model_type mamba")
        .hasMessageContaining("gemma3, gemma3_text, llama, mistral, mixtral, qwen2, qwen3");
  }

  /** What MixtralConfig says where a file says nothing. */
  @Test
  void mixtral_withoutSettings_hasItsClasssDefaults() {
    ModelConfig config = parse(MIXTRAL.formatted(""));

    assertThat(config.mixture()).contains(new ModelConfig.Mixture(8, 2));
    assertThat(config.keyValueHeads()).isEqualTo(8);
    assertThat(config.normEpsilon()).isEqualTo(1e-5);
    assertThat(config.rope().base()).isEqualTo(1_000_000);
    assertThat(config.window()).isZero();
    assertThat(config.tiedHead()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"router_jitter_noise\": 0.1 | router_jitter_noise",
        "\"num_experts_per_tok\": 9 | 9 experts for a token, of 8",
        "\"num_local_experts\": 1000000 | num_local_experts",
      })
  void mixtral_thatCannotBeHonoured_isRefusedByName(String field, String named) {
    assertThatThrownBy(() -> parse(MIXTRAL.formatted(", " + field)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(named);
  }

  @Test
  void sizesOutOfRange_areRefusedByName() {
    assertThatThrownBy(() -> parse(SMALL.formatted("").replace("\"num_hidden_layers\": 3,", "")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("num_hidden_layers is missing");
    assertThatThrownBy(() -> parse(SMALL.formatted("").replace(": 3,", ": 2000000000,")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("num_hidden_layers");
    assertThatThrownBy(() -> parse(SMALL.formatted("").replace(": 4,", ": 0,")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("num_attention_heads is 0");
  }

  private static ModelConfig parse(String json) {
    return HubConfig.parse(Json.parse(json, "test"), "config.json");
  }
}
