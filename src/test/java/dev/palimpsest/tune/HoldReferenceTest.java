package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.palimpsest.Reference;
import dev.palimpsest.data.Source;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.TargetModules;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Regularisers against PyTorch's autograd (reference/hold.py). */
class HoldReferenceTest {
  private static final JsonNode HOLD = Reference.json("hold");
  private static final L2ToStart L2 = new L2ToStart(HOLD.get("l2").asDouble());

  private static TrainedAdapter adapter(Decoder decoder, LoraParameters factors) {
    AdapterConfig any = AdapterConfig.lora(1, 1, TargetModules.allLinear());
    return new TrainedAdapter(any, decoder, factors, 1);
  }

  /** As hold.py's: A by 1.1, B by 0.7. */
  private static void move(LoraParameters factors) {
    long ofA = factors.layout().ofA();
    factors.parameters().narrow(0, 0, ofA).timesInPlace(1.1);
    factors.parameters().narrow(0, ofA, factors.layout().ofB()).timesInPlace(0.7);
  }

  private static void assertGradients(JsonNode expected, double value, LoraParameters factors) {
    assertThat(value).isCloseTo(expected.get("value").asDouble(), withinPercentage(1e-3));
    for (JsonNode gradient : expected.get("gradients")) {
      String name = gradient.get("name").asString();
      Tensor found = TrainingReferenceTest.tensor(TrainingReferenceTest.gradients(factors), name);
      TrainingReferenceTest.assertTensor(gradient, found, 1e-5);
    }
  }

  @Test
  void l2_ofFreshFactors_isAutogradsOfTheDenseChange() {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters factors = TrainingReferenceTest.trained(decoder, "plain")) {
      Tensor plain = factors.parameters().copy();
      factors.parameters().zeroInPlace();
      try (Regulariser.Term term = L2.over(adapter(decoder, factors))) {
        factors.parameters().copyFrom(plain);
        assertGradients(
            Reference.named(HOLD.get("cases"), "l2-from-nothing"), term.backward(), factors);
      }
    }
  }

  @Test
  void l2_ofFactorsThatBeganSomewhere_isOfTheChangeSince() {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters factors = TrainingReferenceTest.trained(decoder, "plain");
        Regulariser.Term term = L2.over(adapter(decoder, factors))) {
      assertThat(term.backward()).isZero();
      move(factors);
      factors.gradient().zeroInPlace();
      assertGradients(
          Reference.named(HOLD.get("cases"), "l2-from-adapter"), term.backward(), factors);
    }
  }

  @Test
  void l2_ofAModel_isAutograds() {
    assertOfAModel("l2-full", L2);
  }

  private static void assertOfAModel(String name, Regulariser regulariser) {
    JsonNode expected = Reference.named(HOLD.get("cases"), name);
    try (Scope _ = Scope.open();
        FullReferenceTest.Model model =
            FullReferenceTest.Model.open("llama", "all", Precision.FP32);
        Regulariser.Term term = regulariser.over(model.trained())) {
      model.weights().parameters().timesInPlace(1.1);

      assertThat(term.backward())
          .isCloseTo(expected.get("value").asDouble(), withinPercentage(1e-3));
      for (JsonNode gradient : expected.get("gradients")) {
        TrainingReferenceTest.assertTensor(
            gradient, model.view(gradient, model.weights().gradient()), 1e-5);
      }
    }
  }

  @Test
  void l2_tenStepsOfAnAdapter_arePyTorchs() {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters factors = TrainingReferenceTest.trained(decoder, "plain")) {
      assertTenSteps("l2-lora", L2, adapter(decoder, factors));
      TrainingReferenceTest.assertFinal(
          Reference.named(HOLD.get("runs"), "l2-lora"), factors, 1e-4);
    }
  }

  @Test
  void l2_tenStepsOfAModel_arePyTorchs() {
    try (Scope _ = Scope.open();
        FullReferenceTest.Model model =
            FullReferenceTest.Model.open("llama", "all", Precision.FP32)) {
      assertTenSteps("l2-full", L2, model.trained());
    }
  }

  private static void assertTenSteps(String name, Regulariser regulariser, Trained trained) {
    JsonNode expected = Reference.named(HOLD.get("runs"), name);
    TuneSettings settings =
        TrainingReferenceTest.settings("adamw", expected.get("rate").asDouble());
    Goal goal = new Goal(new CrossEntropy(), List.of(regulariser));
    int steps = expected.get("losses").size();
    try (Training training =
        new Training(settings, goal, trained, new Training.Extent(steps, 512))) {
      for (int step = 0; step < steps; step++) {
        Training.StepResult result = training.step(step, TrainingReferenceTest.examples());

        assertThat(result.loss())
            .isCloseTo(expected.get("losses").get(step).asDouble(), within(1e-5));
        double penalty = expected.get("penalties").get(step).asDouble();
        assertThat(result.regularisers().get(regulariser.name()))
            .isCloseTo(penalty, within(1e-4 * penalty + 1e-9));
        assertThat(result.norm())
            .isCloseTo(expected.get("gradient_norms").get(step).asDouble(), withinPercentage(0.05));
      }
    }
  }

  /** Of all tensors, or of those that a plain adapter on every linear module changes. */
  private static Fisher fisher(boolean all) {
    try (FullReferenceTest.Model model =
        FullReferenceTest.Model.open("llama", all ? "all" : "*_proj", Precision.FP32)) {
      return Fisher.of(
          model.weights(), Source.of(TrainingReferenceTest.examples()), Progress.none());
    }
  }

  private static Ewc ewc(boolean all) {
    return new Ewc(HOLD.get("ewc").asDouble(), () -> fisher(all));
  }

  @Test
  void fisher_isAutogradsSquaredGradientsOfEachExample() {
    try (Scope _ = Scope.open();
        Fisher fisher = fisher(true)) {
      assertThat(fisher.slots().keySet())
          .containsExactlyInAnyOrderElementsOf(Reference.names(HOLD.get("fisher")));
      for (JsonNode expected : HOLD.get("fisher")) {
        TrainingReferenceTest.assertTensor(
            expected, fisher.of(expected.get("name").asString()), 1e-4);
      }
    }
  }

  @Test
  void ewc_ofFactors_isAutogradsOfTheDenseChange() {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters factors = TrainingReferenceTest.trained(decoder, "plain")) {
      Tensor plain = factors.parameters().copy();
      factors.parameters().zeroInPlace();
      try (Regulariser.Term term = ewc(false).over(adapter(decoder, factors))) {
        factors.parameters().copyFrom(plain);
        assertGradients(
            Reference.named(HOLD.get("cases"), "ewc-from-nothing"), term.backward(), factors);
      }
      try (Regulariser.Term term = ewc(false).over(adapter(decoder, factors))) {
        move(factors);
        factors.gradient().zeroInPlace();
        assertGradients(
            Reference.named(HOLD.get("cases"), "ewc-from-adapter"), term.backward(), factors);
      }
    }
  }

  @Test
  void ewc_ofAModel_isAutograds() {
    assertOfAModel("ewc-full", ewc(true));
  }

  @Test
  void ewc_tenSteps_arePyTorchs() {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters factors = TrainingReferenceTest.trained(decoder, "plain");
        FullReferenceTest.Model model =
            FullReferenceTest.Model.open("llama", "all", Precision.FP32)) {
      assertTenSteps("ewc-lora", ewc(false), adapter(decoder, factors));
      assertTenSteps("ewc-full", ewc(true), model.trained());
    }
  }

  @Test
  void overlapPenalty_isAutogradsOfTheAuthorsFormula() {
    try (Scope _ = Scope.open();
        LanguageModel model =
            LanguageModel.load(Reference.checkpoint("llama"), Precision.FP32, Device.best());
        LoraParameters factors = TrainingReferenceTest.trained(model.decoder(), "plain")) {
      List<Earlier> second = List.of(Earlier.of(Reference.adapter("second")));
      OverlapPenalty penalty =
          new OverlapPenalty(
              HOLD.get("orthogonal").asDouble(), () -> EarlierRows.of(model, second));
      try (Regulariser.Term term = penalty.over(adapter(model.decoder(), factors))) {
        assertGradients(Reference.named(HOLD.get("cases"), "orthogonal"), term.backward(), factors);
        factors.gradient().zeroInPlace();
      }
      assertTenSteps("orthogonal", penalty, adapter(model.decoder(), factors));
    }
  }
}
