package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.data.Example;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.QuantisedDecoders;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Gradients over a quantised base against PEFT's over bitsandbytes' values. */
class QuantisedTrainingReferenceTest {
  @ParameterizedTest
  @CsvSource({"nf4, NF4", "int8, INT8"})
  void backward_ofTheBatch_givesPeftsLossAndGradients(String name, Precision precision) {
    JsonNode expected = Reference.named(Reference.json("quantised").get("gradients"), name);
    List<Example> examples = TrainingReferenceTest.examples();
    long labels = examples.stream().mapToLong(Example::labels).sum();
    try (Scope _ = Scope.open();
        Decoder decoder = QuantisedDecoders.quantised("llama", precision);
        LoraParameters trained =
            TrainingReferenceTest.trained(decoder, expected.get("adapter").asString())) {
      double sum =
          new CrossEntropy()
              .backward(new FrozenDecoder(decoder, trained.factors()), examples, 1.0 / labels);

      assertThat(sum / labels).isCloseTo(expected.get("loss").asDouble(), within(1e-5));
      Map<String, Factors> gradients = TrainingReferenceTest.gradients(trained);
      assertThat(expected.get("gradients")).hasSize(2 * gradients.size());
      for (JsonNode gradient : expected.get("gradients")) {
        TrainingReferenceTest.assertTensor(
            gradient,
            TrainingReferenceTest.tensor(gradients, gradient.get("name").asString()),
            1e-4);
      }
    }
  }

  @Test
  void over_aPlainBase_isRefusedForQlora() {
    LowRank qlora = LowRank.of("qlora", 2, OptionalDouble.empty(), "all-linear");
    try (LanguageModel plain =
        LanguageModel.load(Reference.checkpoint("llama"), Precision.FP32, Device.best())) {
      assertThat(qlora.precision()).isEqualTo(Precision.NF4);
      assertThatThrownBy(() -> qlora.over(plain, "llama"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("this one is in FP32: give --dtype nf4 or int8");
    }
  }
}
