package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.palimpsest.Reference;
import dev.palimpsest.data.Example;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.AutogradDecoder;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.model.TargetModules;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Factors on embedding and head against PEFT (reference/ends.py). */
class EndsReferenceTest {
  private static final JsonNode ENDS = Reference.json("ends");

  @ParameterizedTest
  @ValueSource(
      strings = {"embedding", "embedding-tied", "head-tied", "head-dora", "gemma3-embedding"})
  void backward_writtenOut_givesPeftsLossAndGradients(String name) {
    assertGradients(name, (decoder, factors) -> new FrozenDecoder(decoder, factors));
  }

  @ParameterizedTest
  @ValueSource(strings = {"embedding", "embedding-tied", "head-dora", "gemma3-embedding"})
  void backward_byTheGraph_givesPeftsLossAndGradients(String name) {
    assertGradients(
        name, (decoder, factors) -> new AutogradDecoder(new AdaptedDecoder(decoder, factors)));
  }

  private static void assertGradients(
      String name, BiFunction<Decoder, Map<String, Factors>, TrainedDecoder> way) {
    JsonNode expected = Reference.named(ENDS.get("gradients"), name);
    List<Example> examples = TrainingReferenceTest.examples(ENDS.get("batch"));
    long labels = examples.stream().mapToLong(Example::labels).sum();
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(expected.get("checkpoint").asString());
        LoraParameters trained = trained(decoder, name);
        TrainedDecoder under = way.apply(decoder, trained.factors())) {
      double sum = new CrossEntropy().backward(under, examples, 1.0 / labels);

      assertThat(sum / labels).isCloseTo(expected.get("loss").asDouble(), within(1e-5));
      Map<String, Factors> gradients = TrainingReferenceTest.gradients(trained);
      assertThat(expected.get("gradients"))
          .hasSize(gradients.values().stream().mapToInt(each -> each.tensors().size()).sum());
      for (JsonNode gradient : expected.get("gradients")) {
        String tensor = gradient.get("name").asString();
        TrainingReferenceTest.assertTensor(
            gradient, TrainingReferenceTest.tensor(gradients, tensor), 3e-5);
      }
    }
  }

  @Test
  void step_tenTimes_isPeft() {
    JsonNode expected = ENDS.get("runs").get(0);
    List<Example> examples = TrainingReferenceTest.examples(ENDS.get("batch"));
    AdapterConfig any = AdapterConfig.lora(4, 8, TargetModules.allLinear());
    try (Scope _ = Scope.open();
        Decoder decoder = decoder("llama3");
        LoraParameters trained = trained(decoder, "embedding");
        Training training =
            TrainingReferenceTest.training(
                TrainingReferenceTest.settings("adamw", expected.get("rate").asDouble()),
                new TrainedAdapter(any, decoder, trained, 1),
                30)) {
      for (int step = 0; step < expected.get("losses").size(); step++) {
        Training.StepResult result = training.step(step, examples);

        double loss = expected.get("losses").get(step).asDouble();
        double norm = expected.get("gradient_norms").get(step).asDouble();
        assertThat(result.loss()).isCloseTo(loss, within(1e-5));
        assertThat(result.norm()).isCloseTo(norm, withinPercentage(0.05));
      }
      TrainingReferenceTest.assertFinal(expected, trained, 1e-4);
    }
  }

  @Test
  void fresh_ofEmbeddingAndHead_changesNothing() {
    AdapterConfig config = AdapterConfig.lora(2, 4, TargetModules.parse("embed_tokens,lm_head"));
    try (Scope _ = Scope.open();
        Decoder decoder = decoder("llama");
        LoraParameters fresh =
            LoraParameters.fresh(
                FactorLayout.of(config, decoder.config()), decoder, new Seeds(1))) {
      assertThat(logits(new AdaptedDecoder(decoder, fresh.factors())))
          .containsExactly(logits(AdaptedDecoder.base(decoder)), within(1e-5f));
      assertThat(fresh.factors().keySet()).containsExactly("model.embed_tokens", "lm_head");
      assertThat(fresh.factors().get("model.embed_tokens").b().floats()).doesNotContain(0f);
    }
  }

  private static float[] logits(AdaptedDecoder decoder) {
    Tensor hidden = decoder.hidden(Ragged.of(new int[] {5, 9, 70}));
    return decoder.logits(hidden).detach().floats();
  }

  private static Decoder decoder(String checkpoint) {
    return TrainingReferenceTest.decoder(Reference.checkpoint(checkpoint));
  }

  private static LoraParameters trained(Decoder decoder, String name) {
    return LoraParameters.from(
        PeftFolder.readLora(Reference.adapter(name), decoder.config()).factors(), Device.best());
  }
}
