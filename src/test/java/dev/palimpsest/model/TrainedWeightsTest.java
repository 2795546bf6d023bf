package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The written-out gradient by a decoder's own weights. */
class TrainedWeightsTest {
  private static final int[] ROWS = {2, 3, 20, 40, 59, 70};

  /** libtorch's graph over leaves; the loss is the logits' product with fixed numbers. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3"})
  void backward_allWeights_isAutograds(String name) {
    try (Scope _ = Scope.open();
        Base base = Base.open(name, Precision.FP32);
        TrainedWeights weights = base.all()) {
      Tensor byLogits = numbers(base.decoder.config().vocabulary());
      Map<String, float[]> expected = byGraph(weights, byLogits);

      assertSame(written(weights, byLogits, 1024), expected, 1e-5);
      // every block computed again on the way back
      assertSame(written(weights, byLogits, 1), expected, 1e-5);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, model.layers.1.self_attn.k_proj.weight",
    "llama, model.layers.0.input_layernorm.weight",
    "llama, model.norm.weight",
    "llama, model.embed_tokens.weight",
    "qwen2, model.layers.0.self_attn.v_proj.bias",
    "qwen3, lm_head.weight",
    "qwen3, model.layers.1.self_attn.k_norm.weight",
    "gemma3, model.layers.6.post_feedforward_layernorm.weight"
  })
  void backward_oneTensor_isItsPartOfAll(String name, String tensor) {
    try (Scope _ = Scope.open();
        Base base = Base.open(name, Precision.FP32);
        TrainedWeights all = base.all();
        TrainedWeights one = base.trained(Set.of(tensor))) {
      Tensor byLogits = numbers(base.decoder.config().vocabulary());
      Map<String, float[]> expected = written(all, byLogits, 1024);

      assertSame(
          written(one, byLogits, 1024),
          Map.of(tensor, Objects.requireNonNull(expected.get(tensor))),
          1e-5); // other kernels: the base's weights are laid out, the masters are not
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gemma3"})
  void backward_inBf16_isNearFp32(String name) {
    try (Scope _ = Scope.open();
        Base exact = Base.open(name, Precision.FP32);
        Base rounded = Base.open(name, Precision.BF16);
        TrainedWeights masters = exact.all();
        TrainedWeights copies = rounded.all()) {
      Tensor byLogits = numbers(exact.decoder.config().vocabulary());

      assertThat(copies.parameters().floats()).isEqualTo(masters.parameters().floats());
      assertSame(written(copies, byLogits, 1024), written(masters, byLogits, 1024), 0.1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"FP32", "BF16"})
  void refresh_movedMasters_moveThisDecoderAlone(Precision precision) {
    try (Scope _ = Scope.open();
        Base base = Base.open("gemma3", precision);
        TrainedWeights weights = base.all()) {
      float[] before = hidden(base.decoder);
      assertThat(FrozenDecoderTest.distance(hidden(weights.decoder()), before)).isLessThan(1e-5);

      weights.parameters().timesInPlace(1.25);
      weights.refresh();

      assertThat(hidden(weights.decoder())).isNotEqualTo(before);
      assertThat(hidden(base.decoder)).isEqualTo(before);
    }
  }

  @Test
  void weights_frozenTensors_areTheBasesOwn() {
    try (Scope _ = Scope.open();
        Base base = Base.open("llama", Precision.FP32);
        TrainedWeights weights = base.trained(Set.of("model.layers.1.mlp.up_proj.weight"))) {
      DecoderWeights own = weights.decoder().weights();

      assertThat(own.embedding()).isSameAs(base.decoder.weights().embedding());
      assertThat(own.layers().get(1).projections().getLast().weight())
          .isSameAs(base.decoder.weights().layers().get(1).projections().getLast().weight());
      assertThat(own.layers().get(1).projections().get(2).weight())
          .isNotSameAs(base.decoder.weights().layers().get(1).projections().get(2).weight());
    }
  }

  private record Base(Checkpoint checkpoint, Decoder decoder) implements AutoCloseable {
    static Base open(String name, Precision precision) {
      Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint(name));
      return new Base(
          checkpoint,
          Decoder.load(checkpoint.config(), checkpoint.weights(), precision, Device.CPU));
    }

    TrainedWeights all() {
      return trained(ModelTensors.shapes(decoder.config()).keySet());
    }

    TrainedWeights trained(Set<String> names) {
      return new TrainedWeights(decoder, checkpoint.weights(), names);
    }

    @Override
    public void close() {
      decoder.close();
      checkpoint.close();
    }
  }

  private static Map<String, float[]> byGraph(TrainedWeights weights, Tensor byLogits) {
    weights.gradient().zeroInPlace();
    DecoderWeights leaves = weights.decoder().weights();
    collect(leaves.embedding(), weights.of("model.embed_tokens.weight").orElseThrow());
    if (leaves.head().dense() != leaves.embedding()) {
      collect(leaves.head().dense(), weights.of("lm_head.weight").orElseThrow());
    }
    collect(leaves.finalNorm(), weights.of("model.norm.weight").orElseThrow());
    for (int i = 0; i < leaves.layers().size(); i++) {
      collect(weights, leaves.layers().get(i), i);
    }
    AdaptedDecoder graph = AdaptedDecoder.base(weights.decoder());
    graph.logits(graph.hidden(documents()).rows(Tensor.ofIndices(ROWS))).backward(byLogits);
    return gradients(weights);
  }

  private static void collect(TrainedWeights weights, DecoderWeights.Layer layer, int index) {
    for (Projection projection : layer.projections()) {
      collect(projection.weight().dense(), weights.of(named(projection, ".weight")).orElseThrow());
      if (projection.bias() != null) {
        collect(projection.bias(), weights.of(named(projection, ".bias")).orElseThrow());
      }
    }
    BlockNorms norms = new BlockNorms(weights.decoder().config(), index, weights);
    ModelConfig config = weights.decoder().config();
    for (FrozenNorm norm :
        List.of(
            norms.of(layer.beforeAttention(), BlockNorms.BEFORE_ATTENTION),
            norms.of(layer.queryNorm(), BlockNorms.QUERY),
            norms.of(layer.keyNorm(), BlockNorms.KEY),
            norms.of(layer.afterAttention(), BlockNorms.AFTER_ATTENTION),
            norms.of(layer.beforeFeedForward(), BlockNorms.beforeFeedForward(config)),
            norms.of(layer.afterFeedForward(), BlockNorms.AFTER_FEED_FORWARD))) {
      if (norm.weight() != null) {
        collect(norm.weight(), Objects.requireNonNull(norm.byWeight()));
      }
    }
  }

  private static List<String> named(Projection projection, String suffix) {
    return projection.modules().stream().map(module -> module + suffix).toList();
  }

  private static void collect(Tensor leaf, Tensor gradient) {
    leaf.collectGradientIn(gradient);
  }

  private static Map<String, float[]> written(
      TrainedWeights weights, Tensor byLogits, int mostKeptRows) {
    weights.gradient().zeroInPlace();
    try (FrozenDecoder trained =
        new FrozenDecoder(weights.decoder(), Map.of(), weights, mostKeptRows)) {
      TrainedDecoder.Pass pass = trained.forward(documents(), ROWS);
      pass.backward(trained.backThroughHead(pass.hidden(), byLogits, 1));
    }
    return gradients(weights);
  }

  private static Map<String, float[]> gradients(TrainedWeights weights) {
    return weights.slots().keySet().stream()
        .collect(
            Collectors.toMap(
                name -> name,
                name -> weights.of(name).orElseThrow().floats(),
                (a, b) -> a,
                LinkedHashMap::new));
  }

  private static float[] hidden(Decoder decoder) {
    return AdaptedDecoder.base(decoder).hidden(documents()).floats();
  }

  private static Ragged documents() {
    Random random = new Random(5);
    return Ragged.of(
        List.of(
            random.ints(60, 0, 90).toArray(),
            random.ints(9, 0, 90).toArray(),
            random.ints(2, 0, 90).toArray()));
  }

  private static Tensor numbers(int columns) {
    Random random = new Random(6);
    float[] values = new float[ROWS.length * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, ROWS.length, columns).to(DType.F32);
  }

  private static void assertSame(
      Map<String, float[]> found, Map<String, float[]> expected, double relative) {
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (name, gradient) ->
            assertThat(
                    FrozenDecoderTest.distance(Objects.requireNonNull(found.get(name)), gradient))
                .as(name)
                .isLessThan(relative));
  }
}
