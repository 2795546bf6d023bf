package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.SafetensorsWriter;
import dev.palimpsest.model.TensorInfo;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/** What growing keeps, what it changes, and what it refuses. */
class GrowJobTest {
  private static final DepthUpscaling QUARTER = new DepthUpscaling(OptionalInt.empty());

  @TempDir private Path folder;

  private Path out() {
    return folder.resolve("grown");
  }

  private Grown grow(Path base, Growth growth, Optional<DType> type) {
    return new GrowJob("base", growth, type, GrowJob.Check.LOGITS)
        .run(out(), _ -> base, Progress.none());
  }

  private Grown grow(String base, Growth growth) {
    return grow(Reference.checkpoint(base), growth, Optional.of(DType.F32));
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 1",
    "llama, 2",
    "llama3, 2",
    "mistral, 1",
    "mistral, 3",
    "qwen2, 2",
    "qwen3, 1",
    "gemma3, 1",
    "gemma3, 7"
  })
  void blocks_ofAnyFamily_changeNoLogit(String base, int blocks) {
    Grown grown = grow(base, new BlockExpansion(blocks));

    assertThat(grown.maxLogitChange()).isLessThanOrEqualTo(1e-4);
    assertThat(grown.maxLogit()).isGreaterThan(1);
    assertThat(grown.newLayers()).hasSize(blocks);
    assertThat(grown.parametersAfter())
        .isEqualTo(grown.parametersBefore() + grown.newParameters())
        .isGreaterThan(grown.parametersBefore());
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 2",
    "llama, 3",
    "llama3, 2",
    "mistral, 2",
    "qwen2, 2",
    "qwen3, 3",
    "gemma3, 2",
    "gemma3, 4"
  })
  void width_ofAnyFamily_changesNoLogit(String base, int times) {
    Grown grown = grow(base, new WidthCloning(times, 0, 0));

    assertThat(grown.maxLogitChange()).isLessThanOrEqualTo(1e-4);
    assertThat(grown.newLayers()).isEmpty();
    assertThat(grown.train()).isNull();
    try (Checkpoint wide = Checkpoint.open(out())) {
      assertThat(wide.config().heads()).isEqualTo(times * config(base).heads());
      assertThat(wide.config().width()).isEqualTo(times * config(base).width());
    }
  }

  /** Whatever parts the copies cancels in their sum. */
  @ParameterizedTest
  @CsvSource({"llama, 2", "llama3, 3", "gemma3, 2"})
  void width_withNoise_changesNoLogit(String base, int times) {
    Grown grown = grow(base, new WidthCloning(times, 0.3, 1));

    assertThat(grown.maxLogitChange()).isLessThanOrEqualTo(1e-4);
    try (Scope _ = Scope.open();
        Checkpoint wide = Checkpoint.open(out())) {
      Tensor matrix = wide.weights().read("model.layers.1.mlp.up_proj.weight", DType.F32);
      long in = config(base).width();
      double apart = matrix.narrow(1, 0, in).minus(matrix.narrow(1, in, in)).square().sum().item();
      double whole = matrix.narrow(1, 0, in).square().sum().item();
      assertThat(Math.sqrt(apart / whole)).isBetween(0.5, 0.7);
    }
  }

  /** The weights of a token's experts sum to 1, whatever the router says. */
  @ParameterizedTest
  @CsvSource({"llama, 4, 2", "llama3, 3, 3", "mistral, 8, 2"})
  void experts_ofALlama_changeNoLogit(String base, int experts, int top) {
    Grown grown = grow(base, ExpertUpcycling.of(experts, top, 0, 1));

    assertThat(grown.maxLogitChange()).isLessThanOrEqualTo(1e-4);
    assertThat(grown.parametersAfter())
        .isEqualTo(grown.parametersBefore() + grown.newParameters())
        .isGreaterThan(grown.parametersBefore());
    try (Checkpoint mixed = Checkpoint.open(out())) {
      assertThat(mixed.config().mixture()).contains(new ModelConfig.Mixture(experts, top));
      assertThat(mixed.config().tiedHead()).isEqualTo(config(base).tiedHead());
    }
  }

  @Test
  void experts_withNoise_keepTheFirstAlone() {
    Grown grown = grow("llama", ExpertUpcycling.of(3, 2, 0.1, 1));

    assertThat(grown.preserving()).isFalse();
    assertThat(grown.maxLogitChange()).isGreaterThan(1e-3);
    try (Scope _ = Scope.open();
        Checkpoint mixed = Checkpoint.open(out());
        Checkpoint stored = before("llama")) {
      Tensor old = stored.weights().read("model.layers.1.mlp.down_proj.weight", DType.F32);
      double[] apart = new double[3];
      for (int expert = 0; expert < 3; expert++) {
        String name = "model.layers.1.block_sparse_moe.experts." + expert + ".w2.weight";
        Tensor change = mixed.weights().read(name, DType.F32).minus(old);
        apart[expert] = Math.sqrt(change.square().sum().item() / old.square().sum().item());
      }
      assertThat(apart[0]).isZero();
      assertThat(apart[1]).isBetween(0.09, 0.11).isNotEqualTo(apart[2]);
      assertThat(apart[2]).isBetween(0.09, 0.11);
    }
  }

  /** A model of experts grows deeper and wider as any other. */
  @ParameterizedTest
  @ValueSource(strings = {"blocks", "width"})
  void preserving_ofAMixture_changesNoLogit(String method) {
    Growth growth = method.equals("blocks") ? new BlockExpansion(2) : new WidthCloning(2, 0, 0);

    assertThat(grow("mixtral", growth).maxLogitChange()).isLessThanOrEqualTo(1e-4);
  }

  /** The default of a base in 16 bits is 16 bits, in which a half is exact. */
  @ParameterizedTest
  @ValueSource(strings = {"mistral", "gemma3"})
  void blocks_inTheBasesOwnType_changeNoLogit(String base) {
    Grown grown = grow(Reference.checkpoint(base), new BlockExpansion(1), Optional.empty());

    assertThat(grown.maxLogitChange()).isLessThanOrEqualTo(1e-4);
    try (Checkpoint after = Checkpoint.open(out());
        Checkpoint stored = before(base)) {
      assertThat(types(after)).isEqualTo(types(stored)).hasSize(1);
    }
  }

  private static List<String> types(Checkpoint model) {
    return model.weights().tensors().values().stream()
        .map(TensorInfo::storedType)
        .distinct()
        .toList();
  }

  /** Llama's attention_bias gives o_proj a bias, which a silent block must not add either. */
  @ParameterizedTest
  @ValueSource(strings = {"blocks", "width"})
  void preserving_withBiases_changesNoLogit(String method) throws IOException {
    Path base = withBiases(Reference.checkpoint("llama"));
    Growth growth = method.equals("blocks") ? new BlockExpansion(2) : new WidthCloning(2, 0, 0);

    assertThat(grow(base, growth, Optional.empty()).maxLogitChange()).isLessThanOrEqualTo(1e-4);
  }

  private Path withBiases(Path plain) throws IOException {
    Path biased = Files.createDirectory(folder.resolve("biased"));
    ObjectNode config = (ObjectNode) Json.read(plain.resolve("config.json"));
    Files.writeString(
        biased.resolve("config.json"), Json.write(config.put("attention_bias", true)));
    try (Scope _ = Scope.open();
        Checkpoint stored = Checkpoint.open(plain)) {
      List<SafetensorsWriter.Plan> plans = new ArrayList<>();
      ModelTensors.shapes(stored.config())
          .forEach(
              (name, shape) -> {
                plans.add(new SafetensorsWriter.Plan(name, DType.F32, shape));
                if (name.contains("self_attn")) {
                  String bias = name.replace(".weight", ".bias");
                  plans.add(new SafetensorsWriter.Plan(bias, DType.F32, new long[] {shape[0]}));
                }
              });
      Map<String, TensorInfo> there = stored.weights().tensors();
      SafetensorsWriter.write(
          biased.resolve("model.safetensors"),
          plans,
          name ->
              there.containsKey(name)
                  ? stored.weights().read(name, DType.F32)
                  : bias(stored.weights().read(name.replace(".bias", ".weight"), DType.F32)));
    }
    return biased;
  }

  private static Tensor bias(Tensor weight) {
    return weight.narrow(1, 0, 1).contiguous().view(weight.size(0));
  }

  @Test
  void depth_ofSevenLayers_isTwoCopiesLessTheirInnerEnds() {
    Grown grown = grow("gemma3", new DepthUpscaling(OptionalInt.of(2)));

    assertThat(grown.layerMap()).containsExactly(0, 1, 2, 3, 4, 2, 3, 4, 5, 6);
    assertThat(grown.newLayers()).containsExactly(5, 6, 7);
    assertThat(grown.preserving()).isFalse();
    assertThat(grown.maxLogitChange()).isGreaterThan(0.1);
    try (Checkpoint after = Checkpoint.open(out())) {
      // the global layer, 5 of the base, keeps its kind of attention
      assertThat(after.config().layerTypes())
          .isEqualTo(grown.layerMap().stream().map(config("gemma3").layerTypes()::get).toList());
    }
  }

  @Test
  void depth_inTheBasesType_copiesItsBytes() {
    Grown grown = grow(Reference.checkpoint("mistral"), QUARTER, Optional.empty());

    try (Checkpoint after = Checkpoint.open(out());
        Checkpoint stored = before("mistral")) {
      for (String name : after.weights().tensors().keySet()) {
        assertThat(
                after
                    .weights()
                    .stored(name)
                    .mismatch(stored.weights().stored(origin(name, grown.layerMap()))))
            .as(name)
            .isEqualTo(-1);
      }
    }
  }

  private static String origin(String name, List<Integer> map) {
    int block = Blueprint.block(name);
    return block < 0 ? name : name.replace("." + block + ".", "." + map.get(block) + ".");
  }

  /** Reference: round-half-even in Python, 24 layers to 32 (the Gopher rule). */
  @Test
  void tiling_from24To32_takesTheGopherRulesLayers() {
    assertThat(Tiling.map(24, 32))
        .containsExactly(
            0, 1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9, 10, 10, 11, 12, 13, 14, 14, 15, 16, 16, 17, 18,
            19, 20, 20, 21, 22, 22, 23);
  }

  /** LLaMA Pro: 32 layers to 40, a copy after 3, 7, …, 31. */
  @Test
  void blocks_of32Layers_comeAfterEveryFourth() {
    Blueprint blueprint =
        new BlockExpansion(8).over(config("llama").grown(Collections.nCopies(32, 0), 1));

    assertThat(blueprint.added()).containsExactly(4, 9, 14, 19, 24, 29, 34, 39);
    assertThat(blueprint.blocks().subList(0, 6)).containsExactly(0, 1, 2, 3, 3, 4);
  }

  @Test
  void record_ofAFolder_namesItsNewLayers() {
    Grown grown = grow("llama", new BlockExpansion(2));

    assertThat(grown.train()).isEqualTo("layers:1,layers:3");
    assertThat(GrowthRecord.selection(out())).isEqualTo("layers:1,layers:3");
  }

  @Test
  void record_ofAMixture_namesRoutersAndAllExpertsButTheFirst() {
    Grown grown = grow("llama", ExpertUpcycling.of(3, 2, 0, 0));

    assertThat(grown.train()).isEqualTo("block_sparse_moe.gate,experts.1.*,experts.2.*");
    assertThat(GrowthRecord.selection(out())).isEqualTo(grown.train());
    assertThat(grown.text()).contains("in each layer a router and 2 new experts of");
  }

  @Test
  void record_ofBeforeThereWereParts_isRead() throws IOException {
    Files.writeString(
        folder.resolve("growth.json"),
        """
        {"base": "a", "base_fingerprint": "b", "method": "blocks", "layer_map": [0, 0],
         "new_layers": [1]}\
        """);

    assertThat(GrowthRecord.selection(folder)).isEqualTo("layers:1");
  }

  @Test
  void record_ofAWiderFolder_hasNoNewLayers() {
    grow("llama", new WidthCloning(2, 0, 0));

    assertThatThrownBy(() -> GrowthRecord.selection(out()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("width left no layer as it was");
  }

  @Test
  void record_ofAFolderThatDidNotGrow_isRefused() {
    assertThatThrownBy(() -> GrowthRecord.selection(Reference.checkpoint("llama")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("growth.json is not there");
  }

  @Test
  void settings_thatDoNotFit_areRefusedAndLeaveNothing() {
    assertRefused("llama", new BlockExpansion(3), "--blocks 3", "give one of 1, 2");
    assertRefused("gemma3", new DepthUpscaling(OptionalInt.of(4)), "--drop 4", "give 0 to 3");
    assertRefused("llama", new Tiling(2, OptionalInt.of(1)), "--layers 1", "has 2");
    ExpertUpcycling experts = ExpertUpcycling.of(4, 2, 0, 0);
    assertRefused("gemma3", experts, "Gemma's norms", "take a Llama or Mistral");
    assertRefused("qwen3", experts, "norms of queries and keys", "take a Llama or Mistral");
    assertRefused("qwen2", experts, "biases in its attention", "take a Llama or Mistral");
    assertRefused("mixtral", experts, "experts already", "take a Llama or Mistral");
    assertThatThrownBy(() -> ExpertUpcycling.of(4, 1, 0, 0))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--top 1");
    assertThatThrownBy(() -> new WidthCloning(1, 0, 0))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--times 1");
  }

  @Test
  void imageModel_isRefusedByName() throws IOException {
    Path base = Files.createDirectory(folder.resolve("wrapped"));
    Path plain = Reference.checkpoint("gemma3");
    ObjectNode text = (ObjectNode) Json.read(plain.resolve("config.json"));
    Files.writeString(
        base.resolve("config.json"),
        Json.write(Map.of("model_type", "gemma3", "text_config", text)));
    Files.copy(plain.resolve("model.safetensors"), base.resolve("model.safetensors"));

    assertThatThrownBy(() -> grow(base, QUARTER, Optional.empty()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("take the text model alone");
    assertThat(out()).doesNotExist();
  }

  private void assertRefused(String base, Growth growth, String what, String advice) {
    assertThatThrownBy(() -> grow(base, growth))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(what)
        .hasMessageContaining(advice);
    assertThat(out()).doesNotExist();
  }

  private static Checkpoint before(String name) {
    return Checkpoint.open(Reference.checkpoint(name));
  }

  private static ModelConfig config(String name) {
    try (Checkpoint stored = before(name)) {
      return stored.config();
    }
  }
}
