package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class PeftFolderTest {
  @TempDir Path folder;

  private static JsonNode reference() {
    try (InputStream in =
        PeftFolderTest.class.getResourceAsStream("/reference/peft_matching.json")) {
      byte[] bytes = Objects.requireNonNull(in).readAllBytes();
      return Json.parse(new String(bytes, StandardCharsets.UTF_8), "peft_matching.json");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ModelConfig model() {
    return HubConfig.parse(reference().path("model"), "config.json");
  }

  static List<JsonNode> cases() {
    return reference().path("cases").valueStream().toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void targetsRanksAndScales_areThoseOfPeft(JsonNode example) {
    AdapterConfig config = PeftConfig.parse(example.path("config"), "c", Optional.empty());
    JsonNode expected = example.path("modules");
    Set<String> modules = config.modules(model()).keySet();
    assertThat(modules).containsExactlyInAnyOrderElementsOf(expected.propertyNames());
    for (String module : modules) {
      assertThat(config.rank(module)).isEqualTo(expected.path(module).path("rank").intValue());
      assertThat(config.scale(module))
          .isCloseTo(expected.path(module).path("scale").doubleValue(), within(1e-12));
    }
  }

  @Test
  void folderOfPeft_isRead() throws IOException {
    JsonNode saved = reference().path("saved");
    writeSaved(saved);
    try (Scope _ = Scope.open()) {
      Adapter adapter = PeftFolder.read(folder, model());
      assertThat(adapter.factors()).hasSize(4);
      Factors factors =
          Objects.requireNonNull(adapter.factors().get("model.layers.1.self_attn.q_proj"));
      assertThat(factors.scale()).isEqualTo(2.5);
      assertThat(factors.a().shape()).containsExactly(2, 8);
      float[] b = factors.b().floats();
      for (int i = 0; i < b.length; i++) {
        assertThat((double) b[i]).isEqualTo(saved.path("b").get(i).doubleValue());
      }
      assertThat(adapter.config().baseFingerprint()).isEmpty();
      adapter.requireBase("any", "test");
    }
  }

  private void writeSaved(JsonNode saved) throws IOException {
    for (Map.Entry<String, JsonNode> file : saved.path("files").properties()) {
      Files.write(
          folder.resolve(file.getKey()), Base64.getDecoder().decode(file.getValue().asString()));
    }
  }

  @Test
  void writtenAdapter_isReadBackWithItsBase() {
    try (Scope _ = Scope.open()) {
      Adapter adapter = adapter(AdapterConfig.lora(2, 4, TargetModules.parse("q_proj,up_proj")));
      PeftFolder.write(folder, adapter);
      Adapter read = PeftFolder.read(folder, model());
      assertThat(read.config()).isEqualTo(adapter.config());
      assertThat(read.factors().keySet()).isEqualTo(adapter.factors().keySet());
      for (String module : read.factors().keySet()) {
        Factors found = Objects.requireNonNull(read.factors().get(module));
        Factors expected = Objects.requireNonNull(adapter.factors().get(module));
        assertThat(found.scale()).isEqualTo(2);
        assertThat(found.a().floats()).isEqualTo(expected.a().floats());
        assertThat(found.b().floats()).isEqualTo(expected.b().floats());
      }
      read.requireBase("f00d", "here");
      assertThatThrownBy(() -> read.requireBase("beef", "here"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("trained over smollm2 with fingerprint f00d")
          .hasMessageContaining("--any-base");
    }
  }

  @Test
  void allLinear_isWrittenAsNames() {
    try (Scope _ = Scope.open()) {
      PeftFolder.write(folder, adapter(AdapterConfig.lora(1, 2, TargetModules.allLinear())));
      JsonNode config = Json.read(folder.resolve("adapter_config.json"));
      assertThat(config.path("target_modules").valueStream().map(JsonNode::asString))
          .containsExactlyInAnyOrder(
              "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");
      assertThat(config.has("fingerprint")).isFalse();
      assertThat(PeftFolder.read(folder, model()).factors()).hasSize(14);
    }
  }

  @Test
  void factorsThatDoNotFit_areAllTold() {
    try (Scope _ = Scope.open()) {
      Adapter adapter = adapter(AdapterConfig.lora(2, 4, TargetModules.parse("q_proj")));
      Map<String, Factors> factors = new LinkedHashMap<>(adapter.factors());
      Factors q = Objects.requireNonNull(factors.remove("model.layers.0.self_attn.q_proj"));
      factors.put("model.layers.7.self_attn.q_proj", q);
      factors.put(
          "model.layers.1.self_attn.q_proj",
          new Factors(Tensor.zeros(DType.F32, 2, 9), Tensor.zeros(DType.F32, 8, 2), 1));
      PeftFolder.write(folder, new Adapter(adapter.config(), factors));
      assertThatThrownBy(() -> PeftFolder.read(folder, model()))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("layers.7.self_attn.q_proj.lora_A.weight is no factor")
          .hasMessageContaining("layers.0.self_attn.q_proj.lora_B.weight is missing")
          .hasMessageContaining(
              "layers.1.self_attn.q_proj.lora_A.weight is [2, 9], expected [2, 8]");
    }
  }

  @Test
  void notFiniteFactor_isRefusedByName() {
    try (Scope _ = Scope.open()) {
      Adapter adapter = adapter(AdapterConfig.lora(2, 4, TargetModules.parse("q_proj")));
      Factors q = Objects.requireNonNull(adapter.factors().get("model.layers.0.self_attn.q_proj"));
      q.b().timesInPlace(Double.NaN);
      PeftFolder.write(folder, adapter);
      assertThatThrownBy(() -> PeftFolder.read(folder, model()))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("model.layers.0.self_attn.q_proj.lora_B.weight: element 0 is NaN");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"peft_type\": \"IA3\" | peft_type IA3",
        "\"bias\": \"all\" | bias \"all\"",
        "\"modules_to_save\": [\"lm_head\"] | lm_head.weight is missing",
        "\"modules_to_save\": [\"score\"] | modules_to_save has score",
        "\"use_dora\": true | layers.0.self_attn.q_proj.lora_magnitude_vector is missing",
        "\"fan_in_fan_out\": true | fan_in_fan_out true",
        "\"layer_replication\": [[0, 2]] | layer_replication",
        "\"a_setting_of_tomorrow\": 3 | a_setting_of_tomorrow 3",
        "\"init_lora_weights\": \"pissa\" | init_lora_weights pissa",
        "\"task_type\": \"SEQ_CLS\" | task_type SEQ_CLS",
        "\"target_modules\": \"(q\" | no regular expression",
        "\"target_modules\": \"(([a-z_]+)+[.0-9]*)+\\\\2-\" | takes forever",
        "\"target_modules\": [\"c_attn\"] | names no linear module",
        "\"target_modules\": [\"lm_head\", \"q_proj\"] | lm_head.lora_A.weight is missing",
        "\"target_modules\": null | target_modules is missing",
        "\"r\": 0 | r is 0",
        "\"rank_pattern\": {\"q_proj\": -1} | q_proj is -1",
        "\"rank_pattern\": {\"q_proj)\": 1} | no regular expression",
        "\"alpha_pattern\": {\"q_proj\": \"x\"} | q_proj is \"x\"",
        "\"layers_to_transform\": 0, \"target_modules\": \".*q_proj\" | layers_to_transform",
      })
  void settingThatCannotBeHonoured_isRefusedByName(String field, String named) throws IOException {
    writeSaved(reference().path("saved"));
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("peft_type", "LORA");
    config.put("target_modules", List.of("q_proj"));
    Json.parse("{" + field + "}", "test")
        .properties()
        .forEach(f -> config.put(f.getKey(), f.getValue()));
    Files.writeString(folder.resolve("adapter_config.json"), Json.write(config));
    assertThatThrownBy(() -> PeftFolder.read(folder, model()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(named);
  }

  private static Adapter adapter(AdapterConfig plain) {
    AdapterConfig config = plain.over("smollm2", "f00d");
    Map<String, Factors> factors = new LinkedHashMap<>();
    config
        .modules(model())
        .forEach(
            (module, linear) ->
                factors.put(
                    module,
                    new Factors(
                        Tensor.zeros(DType.F32, config.rank(), linear.in())
                            .plusInPlace(linear.in()),
                        Tensor.zeros(DType.F32, linear.out(), config.rank()).plusInPlace(0.5),
                        config.scale(module))));
    return new Adapter(config, factors);
  }
}
