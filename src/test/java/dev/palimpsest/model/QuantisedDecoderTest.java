package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** A decoder over quantised weights is the decoder over the values that they stand for. */
class QuantisedDecoderTest {
  @ParameterizedTest
  @CsvSource({
    "llama, plain, NF4",
    "llama, plain, INT8",
    "qwen2, qwen2-plain, NF4",
    "qwen2, qwen2-plain, INT8",
    "gemma3, gemma3-plain, NF4",
    "gemma3, gemma3-plain, INT8"
  })
  void backward_isThatOfTheDequantisedWeights(
      String checkpoint, String adapter, Precision precision) {
    try (Scope _ = Scope.open();
        Decoder quantised = QuantisedDecoders.quantised(checkpoint, precision);
        Decoder plain = QuantisedDecoders.dequantised(checkpoint, precision)) {
      Map<String, Factors> factors = FrozenDecoderTest.leaves(adapter, plain.config());
      Tensor byHidden = FrozenDecoderTest.gradient(plain.config(), 6);
      FrozenDecoderTest.Found expected =
          FrozenDecoderTest.found(new FrozenDecoder(plain, factors), factors, byHidden);

      FrozenDecoderTest.assertSame(
          FrozenDecoderTest.found(new FrozenDecoder(quantised, factors), factors, byHidden),
          expected,
          1e-5);
      FrozenDecoderTest.assertSame( // every block computed again on the way back
          FrozenDecoderTest.found(new FrozenDecoder(quantised, factors, 1), factors, byHidden),
          expected,
          1e-5);
    }
  }

  @ParameterizedTest
  @CsvSource({"nf4, NF4", "int8, INT8"})
  void load_theTinyLlama_hasBitsandbytesWeights(String name, Precision precision) {
    JsonNode expected =
        Reference.named(Reference.json("quantised").get("gradients"), name).get("modules");
    try (Scope _ = Scope.open();
        Decoder decoder = QuantisedDecoders.quantised("llama", precision)) {
      int modules = 0;
      for (Projection projection : decoder.weights().projections()) {
        Weight.Quantised weight = (Weight.Quantised) projection.weight();
        for (int i = 0; i < weight.modules().size(); i++) {
          String module = projection.modules().get(i);
          Tensor dense = QuantisedMatrixTest.dense(weight.modules().get(i), DType.F32);
          assertThat(QuantisedMatrixTest.digest(dense))
              .as(module)
              .isEqualTo(expected.get(module).asString());
          modules++;
        }
      }
      assertThat(expected).hasSize(modules);
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void footprint_ofTheWeights_isWhatTheyTake(Precision precision) {
    for (String name : List.of("llama", "llama3", "qwen2", "qwen3", "gemma3")) {
      try (Checkpoint stored = Checkpoint.open(Reference.checkpoint(name));
          Decoder decoder =
              Decoder.load(stored.config(), stored.weights(), precision, Device.best())) {
        assertThat(decoder.weights().bytes())
            .as(name)
            .isEqualTo(new Footprint(stored.config(), precision).weightBytes());
      }
    }
  }

  @Test
  void key_ofEachPrecision_isItsOwn() {
    assertThat(Arrays.stream(Precision.values()).map(Precision::key)).doesNotHaveDuplicates();
    assertThat(Precision.NF4.key()).contains(Precision.NF4.products().name());
  }
}
