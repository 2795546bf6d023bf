package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.data.Example;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.model.TargetModules;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** DoRA, PiSSA and LoRA+ against PEFT (reference/methods.py). */
class MethodsReferenceTest {
  private static final JsonNode METHODS = Reference.json("methods");
  private static final JsonNode PISSA = METHODS.get("pissa");
  private static final AdapterConfig ANY = AdapterConfig.lora(1, 1, TargetModules.allLinear());

  @ParameterizedTest
  @CsvSource({"dora-adamw, dora, 1", "lora+-adamw, plain, 16"})
  void step_tenTimes_isPefts(String name, String adapter, double ratio) {
    JsonNode expected = Reference.named(METHODS.get("runs"), name);
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters trained = TrainingReferenceTest.trained(decoder, adapter);
        Training training =
            TrainingReferenceTest.training(
                TrainingReferenceTest.settings("adamw", expected.get("rate").asDouble()),
                new TrainedAdapter(ANY, decoder, trained, ratio),
                512)) {
      TrainingReferenceTest.assertTenSteps(expected, training, 1e-5);
      TrainingReferenceTest.assertFinal(expected, trained, 1e-4);
    }
  }

  @Test
  void fresh_dora_hasTheRowsOwnNormsAndChangesNothing() {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters fresh = LoraParameters.fresh(dora(decoder), decoder, new Seeds(1))) {
      for (JsonNode magnitude : METHODS.get("dora_start")) {
        TrainingReferenceTest.assertTensor(
            magnitude,
            TrainingReferenceTest.tensor(fresh.factors(), magnitude.get("name").asString())
                .detach(),
            1e-6);
      }
      assertThat(logits(new AdaptedDecoder(decoder, fresh.factors()).prepared()))
          .isDeepEqualTo(logits(AdaptedDecoder.base(decoder)));
    }
  }

  private static FactorLayout dora(Decoder decoder) {
    AdapterConfig config =
        new AdapterConfig(
            4,
            6,
            false,
            true,
            TargetModules.allLinear(),
            Map.of(),
            Map.of(),
            0,
            Optional.empty(),
            Optional.empty());
    return FactorLayout.of(config, decoder.config());
  }

  @Test
  void principal_beginsWithPefts_andChangesNothing() {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters begun = principal(decoder)) {
      assertProducts(PISSA.get("start"), begun.factors(), 1e-4, false);
      List<Example> examples = TrainingReferenceTest.examples();
      long labels = examples.stream().mapToLong(Example::labels).sum();
      try (Trained trained = new TrainedAdapter(pissa(), decoder, begun, 1)) {
        double sum = new CrossEntropy().backward(trained.decoder(), examples, 1.0 / labels);
        assertThat(sum / labels).isCloseTo(PISSA.get("loss").asDouble(), within(1e-5));
        for (JsonNode gradient : PISSA.get("gradient_norms_of_factors")) {
          String name = gradient.get("name").asString();
          double norm = gradient.get("norm").asDouble();
          assertThat(norm(TrainingReferenceTest.tensor(gradients(begun), name)))
              .as(name)
              .isCloseTo(norm, within(1e-4 * norm));
        }
        assertThat(logits(trained.current().prepared()))
            .isDeepEqualTo(logits(AdaptedDecoder.base(decoder)));
      }
    }
  }

  private static Map<String, Factors> gradients(LoraParameters trained) {
    return TrainingReferenceTest.gradients(trained);
  }

  @Test
  void step_tenTimesFromThePrincipalPart_isPeftsAndLeavesAsPlainLora(@TempDir Path folder) {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters factors = principal(decoder);
        Trained trained = new TrainedAdapter(pissa(), decoder, factors, 1);
        Training training =
            TrainingReferenceTest.training(
                TrainingReferenceTest.settings("sgd", PISSA.get("rate").asDouble()),
                trained,
                512)) {
      TrainingReferenceTest.assertTenSteps(PISSA, training, 1e-4);
      assertProducts(PISSA.get("change"), factors.factors(), 1e-3, true);
      assertLogits(trained.current());
      assertLogits(trained.current().prepared());

      trained.write(folder);
      Adapter read = PeftFolder.read(folder, decoder.config());
      assertThat(read.config().rank()).isEqualTo(2 * PISSA.get("rank").asInt());
      read.factors()
          .forEach(
              (name, each) -> {
                assertThat(each.start()).isNull();
                assertThat(each.scale()).isEqualTo(pissa().scale(name));
              });
      assertLogits(new AdaptedDecoder(decoder, read.factors()));
    }
  }

  private static LoraParameters principal(Decoder decoder) {
    return LoraParameters.principal(FactorLayout.of(pissa(), decoder.config()), decoder);
  }

  private static AdapterConfig pissa() {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    PISSA
        .get("rank_pattern")
        .properties()
        .forEach(e -> ranks.put(e.getKey(), e.getValue().asInt()));
    Map<String, Double> alphas = new LinkedHashMap<>();
    PISSA
        .get("alpha_pattern")
        .properties()
        .forEach(e -> alphas.put(e.getKey(), e.getValue().asDouble()));
    return new AdapterConfig(
        PISSA.get("rank").asInt(),
        PISSA.get("alpha").asDouble(),
        false,
        false,
        TargetModules.allLinear(),
        ranks,
        alphas,
        0,
        Optional.empty(),
        Optional.empty());
  }

  /**
   * Scale · B · A, or what of it the start did not have: signs of singular vectors cancel in it.
   */
  private static void assertProducts(
      JsonNode expected, Map<String, Factors> factors, double relative, boolean change) {
    assertThat(expected).hasSize(factors.size());
    for (JsonNode product : expected) {
      Factors each = Objects.requireNonNull(factors.get(product.get("name").asString()));
      Tensor found = each.b().detach().matmul(each.a().detach());
      if (change) {
        Factors.Start start = Objects.requireNonNull(each.start());
        found = found.minus(start.b().matmul(start.a()));
      }
      TrainingReferenceTest.assertTensor(product, found.times(each.scale()), relative);
    }
  }

  private static double norm(Tensor tensor) {
    return tensor.square().sum().sqrt().item();
  }

  private static void assertLogits(AdaptedDecoder adapted) {
    float[][] found = logits(adapted);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i])
          .containsExactly(Reference.floats(PISSA.get("logits").get(i)), within(1e-4f));
    }
  }

  private static float[][] logits(AdaptedDecoder adapted) {
    int[] rows = Reference.ints(PISSA.get("rows"));
    float[][] found = new float[rows.length][];
    Native.withoutGradients(
        () -> {
          Tensor hidden = adapted.hidden(Ragged.of(Reference.ints(PISSA.get("ids"))));
          for (int i = 0; i < rows.length; i++) {
            found[i] = adapted.logits(hidden.narrow(0, rows[i], 1)).floats();
          }
        });
    return found;
  }
}
