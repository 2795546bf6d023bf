package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.palimpsest.RealModel;
import dev.palimpsest.Reference;
import dev.palimpsest.data.Example;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.TargetModules;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Losses, gradients and steps against PyTorch and PEFT (reference/training.py). */
class TrainingReferenceTest {
  private static final JsonNode TRAINING = Reference.json("training");
  private static final int STEPS = 10;

  // rslora's large random factors sharpen the attention: PyTorch in fp32 itself is 3e-6 off fp64
  @ParameterizedTest
  @CsvSource({"lora, 1e-5", "rslora, 3e-5", "dora, 1e-5"})
  void backward_ofTheBatch_givesPeftsLossAndGradients(String name, double error) {
    JsonNode expected = Reference.named(TRAINING.get("gradients"), name);
    List<Example> examples = examples();
    long labels = examples.stream().mapToLong(Example::labels).sum();
    try (Scope _ = Scope.open();
        Decoder decoder = decoder();
        LoraParameters trained = trained(decoder, expected.get("adapter").asString())) {
      double sum =
          new CrossEntropy()
              .backward(new FrozenDecoder(decoder, trained.factors()), examples, 1.0 / labels);

      assertThat(sum / labels).isCloseTo(expected.get("loss").asDouble(), within(1e-5));
      Map<String, Factors> gradients = gradients(trained);
      assertThat(expected.get("gradients"))
          .hasSize(gradients.values().stream().mapToInt(each -> each.tensors().size()).sum());
      for (JsonNode gradient : expected.get("gradients")) {
        assertTensor(gradient, tensor(gradients, gradient.get("name").asString()), error);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"lora-adamw, 1e-5, 1e-4", "lora-sgd, 1e-4, 1e-4"})
  void step_tenTimes_isPyTorch(String name, double lossError, double weightError) {
    JsonNode expected = Reference.named(TRAINING.get("runs"), name);
    TuneSettings settings =
        settings(expected.get("optimiser").asString(), expected.get("rate").asDouble());
    try (Scope _ = Scope.open();
        Decoder decoder = decoder();
        LoraParameters trained = trained(decoder, "plain");
        Training training = training(settings, decoder, trained, 512)) {
      assertTenSteps(expected, training, lossError);
      assertFinal(expected, trained, weightError);
    }
  }

  /** Losses, norms and rates of {@code steps} in reference/training.py. */
  static void assertTenSteps(JsonNode expected, Training training, double lossError) {
    List<Example> examples = examples();
    for (int step = 0; step < STEPS; step++) {
      Training.StepResult result = training.step(step, examples);

      assertThat(result.loss())
          .isCloseTo(expected.get("losses").get(step).asDouble(), within(lossError));
      assertThat(result.norm())
          .isCloseTo(expected.get("gradient_norms").get(step).asDouble(), withinPercentage(0.05));
      assertThat(result.rate()).isCloseTo(expected.get("rates").get(step).asDouble(), within(1e-9));
    }
  }

  static void assertFinal(JsonNode expected, LoraParameters trained, double weightError) {
    for (JsonNode weight : expected.get("final")) {
      Tensor tensor = tensor(trained.factors(), weight.get("name").asString());
      assertTensor(weight, tensor.detach(), weightError);
    }
  }

  @Test
  void step_passesOfAnySize_giveTheSameGradients() {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      examples.add(examples().get(i % 3));
    }

    List<float[]> onePass = gradientAndLoss(examples, 512);
    List<float[]> fourPasses = gradientAndLoss(examples, 50);
    List<float[]> eightPasses = gradientAndLoss(examples, 1);

    for (List<float[]> other : List.of(fourPasses, eightPasses)) {
      assertThat(other.get(1)[0]).isCloseTo(onePass.get(1)[0], within(1e-5f));
      assertThat(relativeError(other.get(0), onePass.get(0))).isLessThan(1e-5);
    }
  }

  /** Gradient before clipping, since plain descent at rate 1 moves by just that; and the loss. */
  private static List<float[]> gradientAndLoss(List<Example> examples, int passRows) {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder();
        LoraParameters trained = trained(decoder, "plain");
        Training training = training(unclipped(), decoder, trained, passRows)) {
      Training.StepResult result = training.step(0, examples);
      return List.of(trained.gradient().floats(), new float[] {(float) result.loss()});
    }
  }

  private static double relativeError(float[] found, float[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < found.length; i++) {
      difference += Math.pow(found[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }

  @Test
  void step_sameRunTwice_givesTheSameBits() {
    assertThat(parametersAfterThree()).containsExactly(parametersAfterThree());
  }

  private static float[] parametersAfterThree() {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder();
        LoraParameters trained = trained(decoder, "plain");
        Training training = training(settings("adamw", 1e-2), decoder, trained, 30)) {
      for (int step = 0; step < 3; step++) {
        training.step(step, examples());
      }
      return trained.parameters().floats();
    }
  }

  @Test
  void backward_freshAdapterOnTheDefaultModel_givesTheBasesLossAndLeavesA() {
    JsonNode reference = TRAINING.get("default_model");
    List<Example> examples = examples(reference.get("examples"));
    long labels = examples.stream().mapToLong(Example::labels).sum();
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(RealModel.gguf());
        LoraParameters trained =
            LoraParameters.fresh(
                FactorLayout.of(
                    AdapterConfig.lora(2, 4, TargetModules.parse("q_proj,v_proj")),
                    decoder.config()),
                decoder,
                new Seeds(1))) {
      double sum =
          new CrossEntropy()
              .backward(new FrozenDecoder(decoder, trained.factors()), examples, 1.0 / labels);

      assertThat(sum / labels).isCloseTo(reference.get("loss").asDouble(), within(5e-5));
      Factors gradient =
          Objects.requireNonNull(gradients(trained).get("model.layers.3.self_attn.v_proj"));
      assertThat(gradient.a().square().sum().item()).isZero();
      assertThat(gradient.b().square().sum().item()).isPositive();
    }
  }

  private static Training training(
      TuneSettings settings, Decoder decoder, LoraParameters trained, int passRows) {
    AdapterConfig any = AdapterConfig.lora(1, 1, TargetModules.allLinear());
    return training(settings, new TrainedAdapter(any, decoder, trained, 1), passRows);
  }

  static Training training(TuneSettings settings, Trained trained, int passRows) {
    return new Training(
        settings, new CrossEntropy(), trained, new Training.Extent(STEPS, passRows));
  }

  static TuneSettings settings(String optimizer, double rate) {
    return settings(optimizer, rate, 1.0);
  }

  private static TuneSettings unclipped() {
    return settings("sgd", 1, 0);
  }

  private static TuneSettings settings(String optimizer, double rate, double clip) {
    return new TuneSettings(
        3,
        1,
        rate,
        Schedule.LINEAR,
        0,
        clip,
        optimizer,
        0,
        new TuneSettings.Length(OptionalInt.of(STEPS), 1),
        new TuneSettings.Saving(0, 0, 0),
        0);
  }

  static List<Example> examples() {
    return examples(TRAINING.get("batch"));
  }

  static List<Example> examples(JsonNode items) {
    List<Example> examples = new ArrayList<>();
    for (JsonNode item : items) {
      int[] ids = Reference.ints(item.get("ids"));
      boolean[] label = new boolean[ids.length];
      Arrays.fill(label, item.get("label_start").asInt(), ids.length, true);
      examples.add(new Example("example " + examples.size(), ids, label));
    }
    return examples;
  }

  static Decoder decoder() {
    return decoder(Reference.checkpoint("llama"));
  }

  static Decoder decoder(Path path) {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return Decoder.load(checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.best());
    }
  }

  static LoraParameters trained(Decoder decoder, String adapter) {
    return LoraParameters.from(
        PeftFolder.read(Reference.adapter(adapter), decoder.config()).factors(), Device.best());
  }

  static Map<String, Factors> gradients(LoraParameters trained) {
    Map<String, Factors> gradients = new HashMap<>();
    trained
        .factors()
        .forEach(
            (name, each) -> {
              Tensor magnitude = each.magnitude();
              gradients.put(
                  name,
                  new Factors(
                      each.a().gradient(),
                      each.b().gradient(),
                      1,
                      magnitude == null ? null : magnitude.gradient(),
                      null));
            });
    return gradients;
  }

  /** By the file's name of a tensor: {@code MODULE.lora_A.weight}. */
  static Tensor tensor(Map<String, Factors> factors, String name) {
    Factors found = factors.get(name.substring(0, name.indexOf(".lora_")));
    assertThat(found).as(name).isNotNull();
    if (name.endsWith(".lora_magnitude_vector")) {
      return Objects.requireNonNull(found.magnitude());
    }
    return name.contains(".lora_A.") || name.endsWith("_A") ? found.a() : found.b();
  }

  static void assertTensor(JsonNode expected, Tensor tensor, double relative) {
    String name = expected.get("name").asString();
    double norm = expected.get("norm").asDouble();
    float[] first = Reference.floats(expected.get("first"));
    float[] found = tensor.floats();
    double sum = 0;
    for (float value : found) {
      sum += (double) value * value;
    }
    assertThat(Math.sqrt(sum)).as(name).isCloseTo(norm, within(relative * norm));
    assertThat(Arrays.copyOf(found, first.length))
        .as(name)
        .containsExactly(first, within((float) (relative * norm)));
  }
}
