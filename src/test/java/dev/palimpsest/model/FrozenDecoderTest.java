package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The written-out gradient against libtorch's graph, over every architecture. */
class FrozenDecoderTest {
  @ParameterizedTest
  @CsvSource({
    "llama, plain",
    "llama, patterns",
    "llama, rslora",
    "llama, one-layer",
    "llama, excluded",
    "llama, dora",
    "mistral, mistral-plain",
    "qwen2, qwen2-plain",
    "qwen2, qwen2-dora",
    "qwen3, qwen3-plain",
    "gemma3, gemma3-plain"
  })
  void backward_anyArchitecture_isAutograds(String checkpoint, String adapter) {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(checkpoint, Precision.FP32)) {
      Map<String, Factors> factors = leaves(adapter, decoder.config());
      Tensor byHidden = gradient(decoder.config(), 6);
      Found expected =
          found(new AutogradDecoder(new AdaptedDecoder(decoder, factors)), factors, byHidden);

      assertSame(found(new FrozenDecoder(decoder, factors), factors, byHidden), expected, 2e-5);
      // every block computed again on the way back
      assertSame(found(new FrozenDecoder(decoder, factors, 1), factors, byHidden), expected, 2e-5);
    }
  }

  /** Modules of both, of the upper one alone and of the lower one alone; two scales. */
  @ParameterizedTest
  @CsvSource({"plain, rslora", "one-layer, patterns", "excluded, one-layer"})
  void backward_overAFrozenAdapter_isAutogradsThroughTheTwoJoined(String below, String above) {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder("llama", Precision.FP32)) {
      Adapter first = PeftFolder.read(Reference.adapter(below), decoder.config());
      Map<String, Factors> leaves = leaves(above, decoder.config());
      Map<String, Factors> joined = new LinkedHashMap<>(first.factors());
      leaves.forEach(
          (module, each) -> joined.merge(module, each, (a, b) -> Factors.sum(List.of(a, b))));
      Tensor byHidden = gradient(decoder.config(), 6);
      AutogradDecoder graph = new AutogradDecoder(new AdaptedDecoder(decoder, joined));
      Found expected = found(graph, leaves, byHidden);

      try (Decoder under = decoder.under(first.factors())) {
        assertSame(found(new FrozenDecoder(under, leaves), leaves, byHidden), expected, 3e-5);
        assertSame(found(new FrozenDecoder(under, leaves, 1), leaves, byHidden), expected, 3e-5);
      }
    }
  }

  /** Rounding is a matter of luck in one pass, so over several. */
  @ParameterizedTest
  @ValueSource(strings = {"plain", "dora"})
  void backward_inBf16_isAsCloseToFp32AsAutograd(String adapter) {
    double written = 0;
    double autograd = 0;
    for (int seed = 0; seed < 12; seed++) {
      float[] exact = all(adapter, Precision.FP32, seed, AutogradDecoder::new);
      autograd += distance(all(adapter, Precision.BF16, seed, AutogradDecoder::new), exact);
      written +=
          distance(
              all(
                  adapter,
                  Precision.BF16,
                  seed,
                  each -> new FrozenDecoder(each.decoder(), each.factors())),
              exact);
    }

    assertThat(autograd).isPositive();
    assertThat(written).isLessThan(1.25 * autograd);
  }

  /** All gradients one after the other. */
  private static float[] all(
      String adapter, Precision precision, int seed, Function<AdaptedDecoder, TrainedDecoder> way) {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder("llama", precision)) {
      Map<String, Factors> factors = leaves(adapter, decoder.config());
      TrainedDecoder trained = way.apply(new AdaptedDecoder(decoder, factors));
      return found(trained, factors, documents(seed), ROWS, gradient(decoder.config(), seed)).all();
    }
  }

  @Test
  void forward_factorsMoved_followsAfterRefresh() {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder("llama", Precision.FP32)) {
      Map<String, Factors> factors = leaves("plain", decoder.config());
      FrozenDecoder frozen = new FrozenDecoder(decoder, factors);
      float[] before = hidden(frozen);

      factors.values().forEach(each -> each.b().detach().timesInPlace(2));

      assertThat(hidden(frozen)).isEqualTo(before);
      frozen.refresh();
      float[] expected = hidden(new FrozenDecoder(decoder, factors));
      assertThat(expected).isNotEqualTo(before);
      assertThat(hidden(frozen)).isEqualTo(expected);
    }
  }

  /** Two that continue one beginning, longer than Gemma's window with it, and one by itself. */
  @ParameterizedTest
  @CsvSource({"llama, plain", "qwen3, qwen3-plain", "gemma3, gemma3-plain"})
  void backward_aCommonBeginning_isAutogradsOfWholeDocuments(String checkpoint, String adapter) {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(checkpoint, Precision.FP32)) {
      Random random = new Random(9);
      int[] beginning = random.ints(20, 0, 90).toArray();
      int[] one = random.ints(40, 0, 90).toArray();
      int[] two = random.ints(9, 0, 90).toArray();
      int[] alone = random.ints(5, 0, 90).toArray();
      Ragged whole = Ragged.of(List.of(joined(beginning, one), joined(beginning, two), alone));
      Ragged.Builder builder = new Ragged.Builder();
      int first = builder.add(beginning);
      builder.add(one, first);
      builder.add(two, first);
      builder.add(alone);
      Ragged shared = builder.build();
      int[] inWhole = {20, 41, 59, 80, 88, 91};
      int[] inShared = {20, 41, 59, 60, 68, 71};
      Map<String, Factors> factors = leaves(adapter, decoder.config());
      Tensor byHidden = gradient(decoder.config(), 6);
      AutogradDecoder graph = new AutogradDecoder(new AdaptedDecoder(decoder, factors));
      Found expected = found(graph, factors, whole, inWhole, byHidden);

      for (int kept : new int[] {FrozenDecoder.MOST_KEPT_ROWS, 1}) {
        FrozenDecoder frozen = new FrozenDecoder(decoder, factors, kept);
        assertSame(found(frozen, factors, shared, inShared, byHidden), expected, 2e-5);
      }
    }
  }

  private static int[] joined(int[] one, int[] other) {
    return IntStream.concat(Arrays.stream(one), Arrays.stream(other)).toArray();
  }

  record Found(float[] hidden, Map<String, float[]> gradients) {
    /** All gradients one after the other. */
    float[] all() {
      FloatBuffer all =
          FloatBuffer.allocate(gradients.values().stream().mapToInt(each -> each.length).sum());
      gradients.values().forEach(all::put);
      return all.array();
    }
  }

  static Found found(TrainedDecoder trained, Map<String, Factors> factors, Tensor byHidden) {
    return found(trained, factors, documents(5), ROWS, byHidden);
  }

  private static Found found(
      TrainedDecoder trained,
      Map<String, Factors> factors,
      Ragged documents,
      int[] rows,
      Tensor byHidden) {
    factors.values().forEach(each -> each.tensors().forEach(FrozenDecoderTest::clear));
    TrainedDecoder.Pass pass = trained.forward(documents, rows);
    pass.backward(byHidden);
    Map<String, float[]> gradients = new LinkedHashMap<>();
    factors.forEach(
        (name, each) -> {
          gradients.put(name + ".A", collected(each.a()).floats());
          gradients.put(name + ".B", collected(each.b()).floats());
          Tensor magnitude = each.magnitude();
          if (magnitude != null) {
            gradients.put(name + ".magnitude", collected(magnitude).floats());
          }
        });
    Found found = new Found(pass.hidden().floats(), gradients);
    trained.close();
    return found;
  }

  private static void clear(Tensor leaf) {
    collected(leaf).zeroInPlace();
  }

  private static Tensor collected(Tensor leaf) {
    return Objects.requireNonNull(leaf.gradient());
  }

  private static float[] hidden(TrainedDecoder trained) {
    return trained.forward(documents(5), ROWS).hidden().floats();
  }

  static void assertSame(Found found, Found expected, double relative) {
    assertClose("hidden", found.hidden, expected.hidden, relative);
    assertThat(found.gradients.keySet()).isNotEmpty().isEqualTo(expected.gradients.keySet());
    expected.gradients.forEach(
        (name, gradient) ->
            assertClose(
                name, Objects.requireNonNull(found.gradients.get(name)), gradient, relative));
  }

  private static void assertClose(String name, float[] found, float[] expected, double relative) {
    assertThat(distance(found, expected)).as(name).isLessThan(relative);
  }

  /** Norm of the difference, relative to the expected norm. */
  static double distance(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(found[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    assertThat(norm).isPositive();
    return Math.sqrt(difference / norm);
  }

  private static final int[] ROWS = {2, 3, 20, 40, 59, 70};

  /** One document longer than Gemma's window, and two short ones. */
  private static Ragged documents(int seed) {
    Random random = new Random(seed);
    return Ragged.of(
        List.of(
            random.ints(60, 0, 90).toArray(),
            random.ints(9, 0, 90).toArray(),
            random.ints(2, 0, 90).toArray()));
  }

  static Tensor gradient(ModelConfig config, int seed) {
    Random random = new Random(seed);
    float[] values = new float[ROWS.length * config.width()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, ROWS.length, config.width()).to(Device.best());
  }

  static Map<String, Factors> leaves(String adapter, ModelConfig config) {
    return leaves(adapter, config, Device.best());
  }

  /** An adapter's factors on a device, each collecting its gradient. */
  static Map<String, Factors> leaves(String adapter, ModelConfig config, Device device) {
    Map<String, Factors> leaves = new LinkedHashMap<>();
    PeftFolder.read(Reference.adapter(adapter), config)
        .on(device)
        .factors()
        .forEach(
            (name, each) -> {
              Tensor magnitude = each.magnitude();
              leaves.put(
                  name,
                  new Factors(
                      leaf(each.a()),
                      leaf(each.b()),
                      each.scale(),
                      magnitude == null ? null : leaf(magnitude),
                      null));
            });
    return leaves;
  }

  private static Tensor leaf(Tensor stored) {
    return stored.copy().collectGradientIn(stored.newZeros(DType.F32, stored.shape()));
  }

  private static Decoder decoder(String name, Precision precision) {
    try (Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint(name))) {
      return Decoder.load(checkpoint.config(), checkpoint.weights(), precision, Device.best());
    }
  }
}
