package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.RealModel;
import dev.palimpsest.model.ModelConfig.Scaling;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class CheckpointTest {
  @TempDir Path folder;

  @Test
  void ggufOfTheConverter_hasHuggingFacesNamesAndRows() throws IOException {
    JsonNode expected = GgufReference.document().path("model").path("weights");
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(GgufReference.modelIn(folder))) {
      assertThat(checkpoint.weights().tensors().keySet())
          .containsExactlyInAnyOrderElementsOf(expected.propertyNames());
      for (String name : expected.propertyNames()) {
        Tensor read = checkpoint.weights().read(name, DType.F32);
        assertThat(read.segment().toArray(ValueLayout.JAVA_BYTE))
            .as(name)
            .isEqualTo(GgufReference.bytes(expected.path(name)));
      }
    }
  }

  static List<JsonNode> variants() {
    return GgufReference.document().path("variants").valueStream().toList();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void ggufOfEveryFamily_hasHuggingFacesNamesAndValues(JsonNode variant) throws IOException {
    Path path = folder.resolve("variant.gguf");
    Files.write(path, Base64.getDecoder().decode(variant.path("file").asString()));
    JsonNode expected = variant.path("weights");
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(path)) {
      assertThat(checkpoint.weights().tensors().keySet())
          .containsExactlyInAnyOrderElementsOf(expected.propertyNames());
      for (String name : expected.propertyNames()) {
        assertThat(
                checkpoint.weights().read(name, DType.F32).segment().toArray(ValueLayout.JAVA_BYTE))
            .as(name)
            .isEqualTo(GgufReference.bytes(expected.path(name)));
      }
      ModelConfig config = checkpoint.config();
      boolean gemma = config.architecture() == Architecture.GEMMA3;
      assertThat(config.architecture().name().toLowerCase(Locale.ROOT))
          .isEqualTo(variant.path("architecture").asString());
      assertThat(config.tiedHead()).isEqualTo(gemma);
      assertThat(config.queryKeyValueBias()).isEqualTo(config.architecture() == Architecture.QWEN2);
      assertThat(config.window()).isEqualTo(gemma ? 16 : 0);
      assertThat(config.rope().base()).isEqualTo(20_000);
      assertThat(config.localRope().base()).isEqualTo(gemma ? 10_000 : 20_000);
      assertThat(config.rope().scaling())
          .isEqualTo(
              switch (config.architecture()) {
                case LLAMA -> new Scaling.Factors(List.of(1.0, 4.0));
                case GEMMA3 -> new Scaling.Linear(8);
                case QWEN2, QWEN3 -> new Scaling.None();
              });
    }
  }

  @Test
  void ggufMetadata_isConfigurationAndText() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(GgufReference.modelIn(folder))) {
      ModelConfig config = checkpoint.config();
      assertThat(config.architecture()).isEqualTo(Architecture.LLAMA);
      assertThat(List.of(config.vocabulary(), config.width(), config.layers(), config.heads()))
          .containsExactly(16, 8, 1, 2);
      assertThat(
              List.of(
                  config.keyValueHeads(),
                  config.headWidth(),
                  config.feedForward(),
                  config.context()))
          .containsExactly(1, 4, 12, 32);
      assertThat(config.tiedHead()).isTrue();
      assertThat(config.normEpsilon()).isEqualTo((double) 1e-5f);
      assertThat(checkpoint.endTokens()).containsExactlyInAnyOrder(0, 2);
      assertThat(checkpoint.bos()).hasValue(1);
      assertThat(checkpoint.license()).contains("apache-2.0");
    }
  }

  @Test
  void defaultModel_isWhatItsCardSays() {
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(RealModel.gguf())) {
      long parameters =
          checkpoint.weights().tensors().values().stream().mapToLong(TensorInfo::elements).sum();
      assertThat(parameters).isEqualTo(134_515_008);
      assertThat(checkpoint.config().rope().base()).isEqualTo(100_000);
      assertThat(checkpoint.tokenizer().size()).isEqualTo(49_152);
      assertThat(checkpoint.endTokens()).containsExactly(2);
      assertThat(checkpoint.weights().read("model.embed_tokens.weight", DType.BF16).shape())
          .containsExactly(49_152, 576);
    }
  }

  @Test
  void folder_isReadWithItsText() throws IOException {
    writeFolder(Map.of());
    Files.writeString(
        folder.resolve("generation_config.json"),
        "{\"eos_token_id\": [3, 5], \"bos_token_id\": 1}");
    Files.writeString(folder.resolve("README.md"), "---\ntags: x\nlicense: mit\n---\nlicense: no");
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.endTokens()).containsExactlyInAnyOrder(3, 5);
      assertThat(checkpoint.bos()).hasValue(1);
      assertThat(checkpoint.license()).contains("mit");
      assertThat(checkpoint.weights().read("model.norm.weight", DType.F32).floats())
          .containsOnly(1);
      assertThatThrownBy(checkpoint::tokenizer)
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("has no tokenizer.json");
    }
  }

  @Test
  void wrongTensors_areAllTold() throws IOException {
    writeFolder(
        Map.of(
            "model.norm.weight", new long[] {9},
            "model.layers.0.mlp.up_proj.weight", new long[0],
            "model.layers.0.mlp.up_proj.bias", new long[] {12}));
    assertThatThrownBy(() -> Checkpoint.open(folder).close())
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("model.norm.weight is [9], expected [8]")
        .hasMessageContaining("model.layers.0.mlp.up_proj.weight is missing, expected [12, 8]")
        .hasMessageContaining("model.layers.0.mlp.up_proj.bias is not known");
  }

  @Test
  void notFiniteWeight_isRefusedWithItsName() throws IOException {
    writeFolder(Map.of());
    Path file = folder.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    int last = bytes.length - 4;
    MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_FLOAT_UNALIGNED, last, Float.NaN);
    Files.write(file, bytes);
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThatThrownBy(() -> checkpoint.weights().read("model.norm.weight", DType.BF16))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("model.norm.weight")
          .hasMessageContaining("element 7 is NaN");
    }
  }

  @Test
  void fingerprint_isOfTheWeightsWhateverTheShards() throws IOException {
    writeFolder(Map.of());
    String whole = fingerprint(folder);
    Path sharded = Files.createDirectory(folder.resolve("sharded"));
    Files.copy(folder.resolve("config.json"), sharded.resolve("config.json"));
    SafetensorsWriter.writeModel(sharded, plans(Map.of()), 600, CheckpointTest::ones);
    assertThat(sharded.resolve("model.safetensors.index.json")).exists();
    assertThat(fingerprint(sharded)).isEqualTo(whole).hasSize(64);
    Path changed = folder.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(changed);
    bytes[bytes.length - 1]++;
    Files.write(changed, bytes);
    assertThat(fingerprint(folder)).isNotEqualTo(whole);
  }

  private static String fingerprint(Path model) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      return checkpoint.fingerprint();
    }
  }

  /** A model of ones; shapes given here replace the right ones, an empty one leaves it out. */
  private void writeFolder(Map<String, long[]> wrong) throws IOException {
    Files.writeString(folder.resolve("config.json"), TinyModel.CONFIG);
    List<SafetensorsWriter.Plan> plans = plans(wrong);
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"),
        plans,
        name ->
            plans.stream()
                .filter(plan -> plan.name().equals(name))
                .map(plan -> ones(plan.shape()))
                .findFirst()
                .orElseThrow());
  }

  private static List<SafetensorsWriter.Plan> plans(Map<String, long[]> wrong) {
    Map<String, long[]> shapes = ModelTensors.shapes(TinyModel.config());
    shapes.putAll(wrong);
    List<SafetensorsWriter.Plan> plans = new ArrayList<>();
    shapes.forEach(
        (name, shape) -> {
          if (shape.length > 0) {
            plans.add(new SafetensorsWriter.Plan(name, DType.F32, shape));
          }
        });
    return plans;
  }

  private static Tensor ones(String name) {
    return ones(ModelTensors.shapes(TinyModel.config()).get(name));
  }

  private static Tensor ones(long[] shape) {
    return Tensor.zeros(DType.F32, shape).plusInPlace(1);
  }
}
