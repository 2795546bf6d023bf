package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Example;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Runs that are held back: the same bits after a stop, recorded, refused where they mean nothing.
 */
class RegularisersTest {
  @TempDir private Path folder;
  private LanguageModel model;
  private Path data;

  @BeforeEach
  void load() throws IOException {
    model = open();
    data = folder.resolve("data.jsonl");
    Files.writeString(
        data, "{\"text\": \"The old text still shows, here and there.\"}\n".repeat(8));
  }

  private static LanguageModel open() {
    return LanguageModel.load(
        Path.of("src/test/resources/checkpoints/llama"), Precision.FP32, Device.best());
  }

  @AfterEach
  void close() {
    model.close();
  }

  private static Method method(String name) {
    return switch (name) {
      case "full" -> Full.of(name, Optional.empty());
      case "prefix" -> new PromptLearning(name, 4, Optional.empty());
      default -> LowRank.of(name, 2, OptionalDouble.empty(), "all-linear");
    };
  }

  private TuneJob job(Method method, Regularisers regularisers) {
    return new TuneJob(
        "llama",
        DataSpec.of(data),
        Optional.empty(),
        0,
        Optional.empty(),
        method,
        new TuneSettings(
            2,
            1,
            1e-2,
            Schedule.CONSTANT,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.of(6), 1),
            new TuneSettings.Saving(0, 2, 0),
            1),
        Precision.FP32,
        1,
        regularisers);
  }

  private static Tuner.Watch watch() {
    return new Tuner.Watch(Progress.none(), new Cancellation(), () -> 0);
  }

  private static Tuner.Watch stopAt(long step) {
    Cancellation cancellation = new Cancellation();
    Progress progress =
        point -> {
          if (point.task().equals("tuning") && point.done() == step) {
            cancellation.request();
          }
        };
    return new Tuner.Watch(progress, cancellation, () -> 0);
  }

  private static Path product(Path run) {
    Path adapter = run.resolve("adapter/adapter_model.safetensors");
    return Files.exists(adapter) ? adapter : run.resolve("model/model.safetensors");
  }

  private void assertResumes(TuneJob job) {
    Path whole = folder.resolve("whole");
    Path cut = folder.resolve("cut");
    Path again = folder.resolve("again");
    job.run(model, whole, watch());
    job.run(model, cut, stopAt(3));
    TuneJob.of(cut).resume(model, cut, watch());
    TuneJob.of(whole).again(model, whole, again, watch());

    assertThat(product(cut)).hasSameBinaryContentAs(product(whole));
    assertThat(product(again)).hasSameBinaryContentAs(product(whole));
    assertThat(TuneJob.of(whole)).isEqualTo(job);
  }

  private static double last(Path run, String regulariser) {
    JsonNode line = RunFolder.metrics(run).getLast();
    return line.get("regularisers").get(regulariser).asDouble();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora", "pissa", "full"})
  void l2_stopped_isResumedToTheSameBits(String name) {
    assertResumes(job(method(name), l2(0.5)));
    assertThat(last(folder.resolve("whole"), "l2-to-start")).isPositive();
  }

  private static Regularisers l2(double lambda) {
    return new Regularisers(lambda, Optional.empty(), Optional.empty());
  }

  private static Regularisers orthogonal(Path adapter, Orthogonal.By by) {
    return new Regularisers(
        0, Optional.empty(), Optional.of(Orthogonal.of(List.of(adapter), by, 10)));
  }

  /** Of the largest entry of A₀ · Aᵀ among all modules. */
  private double overlap(Path earlier, Path run) {
    try (Scope _ = Scope.open()) {
      Map<String, Factors> before = factors(earlier);
      double largest = 0;
      for (Map.Entry<String, Factors> module : factors(run.resolve("adapter")).entrySet()) {
        Factors other = before.get(module.getKey());
        if (other != null) {
          float[] entries = module.getValue().a().matmul(other.a().transpose(0, 1)).abs().floats();
          for (float entry : entries) {
            largest = Math.max(largest, entry);
          }
        }
      }
      return largest;
    }
  }

  private Map<String, Factors> factors(Path adapter) {
    return PeftFolder.read(adapter, model.decoder().config()).factors();
  }

  @ParameterizedTest
  @EnumSource(Orthogonal.By.class)
  void orthogonal_stopped_isResumedToTheSameBits_andOverlapsLess(Orthogonal.By by) {
    Path second = Reference.adapter("second");
    Path free = folder.resolve("free");
    job(method("lora"), Regularisers.NONE).run(model, free, watch());
    assertResumes(job(method("lora"), orthogonal(second, by)));

    double with = overlap(second, folder.resolve("whole"));
    double without = overlap(second, free);
    assertThat(without).isGreaterThan(0.1);
    assertThat(with).isLessThan(by == Orthogonal.By.PROJECTION ? 1e-5 : without);
  }

  @Test
  void orthogonal_underTheSameSeed_beginsElsewhere() {
    Path first = folder.resolve("first");
    Path after = folder.resolve("after");
    TuneJob job = job(method("lora"), Regularisers.NONE);
    job.run(model, first, watch());
    Path adapter = first.resolve("adapter");
    job(method("lora"), orthogonal(adapter, Orthogonal.By.PROJECTION)).run(model, after, watch());

    try (Scope _ = Scope.open()) { // what is left of a draw of rank 2 out of 32 or more directions
      Tensor a =
          Objects.requireNonNull(
                  factors(after.resolve("adapter")).get("model.layers.0.self_attn.q_proj"))
              .a();
      assertThat(a.square().sum().item()).isGreaterThan(0.3 * 2 / 3);
    }
    assertThat(overlap(adapter, after)).isLessThan(1e-5);
  }

  @Test
  void orthogonal_whereThereIsNothingToKeepOutOf_isRefused() {
    Path second = Reference.adapter("second");
    for (String name : List.of("full", "prefix")) {
      assertThatThrownBy(() -> job(method(name), orthogonal(second, Orthogonal.By.PENALTY)))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("--method " + name);
    }
    assertThatThrownBy(() -> job(method("pissa"), orthogonal(second, Orthogonal.By.PROJECTION)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--orthogonal-by penalty");
    TuneJob elsewhere =
        job(
            LowRank.of("lora", 2, OptionalDouble.empty(), "k_proj"),
            orthogonal(second, Orthogonal.By.PENALTY));
    assertThatThrownBy(() -> elsewhere.run(model, folder.resolve("run"), watch()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("changes no module that this run changes");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  private Regularisers elastic() throws IOException {
    Path old = folder.resolve("old.jsonl");
    Files.writeString(old, "{\"text\": \"What was known before.\"}\n{\"text\": \"And more.\"}\n");
    return new Regularisers(
        0, Optional.of(new Regularisers.Elastic(100, old, 0)), Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora", "full"})
  void ewc_stopped_isResumedToTheSameBits(String name) throws IOException {
    assertResumes(job(method(name), elastic()));
    assertThat(last(folder.resolve("whole"), "ewc")).isPositive();
    assertThat(folder.resolve("cut/fisher/fisher.safetensors"))
        .hasSameBinaryContentAs(folder.resolve("whole/fisher/fisher.safetensors"));
  }

  @Test
  void ewc_otherTextAtAResume_isRefused() throws IOException {
    TuneJob job = job(method("lora"), elastic());
    Path run = folder.resolve("run");
    job.run(model, run, stopAt(2));
    Files.writeString(folder.resolve("old.jsonl"), "{\"text\": \"Another.\"}\n");

    assertThatThrownBy(() -> job.resume(model, run, watch()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("old.jsonl is not what the run began with");
  }

  @Test
  void ewc_overAnAdapter_isMeasuredWhereTheRunBegins() {
    JsonNode expected = Reference.named(Reference.json("training").get("gradients"), "lora");
    Stacked method = Stacked.of((LowRank) method("lora"), Reference.adapter("plain"));
    FisherData fisher = new FisherData(model, method, DataSpec.of(data));
    List<Example> examples = TrainingReferenceTest.examples();

    double loss =
        fisher.by(
            weights -> {
              try (FrozenDecoder decoder = new FrozenDecoder(weights)) {
                return new CrossEntropy().backward(decoder, examples, 1);
              }
            });

    long labels = examples.stream().mapToLong(Example::labels).sum();
    assertThat(loss / labels).isCloseTo(expected.get("loss").asDouble(), within(1e-5));
  }

  @Test
  void estimate_ofEwc_countsTheMeasurement() throws IOException {
    AtomicLong ticks = new AtomicLong(); // a second each time somebody looks
    Tuner.Watch watch =
        new Tuner.Watch(Progress.none(), new Cancellation(), () -> ticks.getAndAdd(1_000_000_000L));

    double free = job(method("lora"), Regularisers.NONE).estimate(model, watch).seconds();
    double held = job(method("lora"), elastic()).estimate(model, watch).seconds();

    assertThat(held - free).isCloseTo(1, within(1e-9));
  }

  @Test
  void peakBytes_ewc_hasTheFisher_orItsMeasurement() throws IOException {
    Footprint base = new Footprint(model.decoder().config(), Precision.FP32);
    TuneJob held = job(method("lora"), elastic());
    TuneJob free = job(method("lora"), Regularisers.NONE);
    long modules =
        method("lora").changes(base.config()).stream()
            .mapToLong(name -> FlatView.elements(ModelTensors.shapes(base.config()).get(name)))
            .sum();

    assertThat(elastic().bytes(method("lora"), base)).isEqualTo(4 * modules);
    assertThat(elastic().measuringBytes(method("lora"), base, 16))
        .isEqualTo(base.tuningPeak(12 * modules, base.passBytes(16)));
    assertThat(held.peakBytes(base, held.settings(), 16))
        .isGreaterThanOrEqualTo(free.peakBytes(base, free.settings(), 16) + 4 * modules);
  }

  @Test
  void ewc_overAQuantisedBase_isRefused() throws IOException {
    try (LanguageModel quantised =
        LanguageModel.load(
            Path.of("src/test/resources/checkpoints/llama"), Precision.NF4, Device.best())) {
      TuneJob job = job(method("qlora"), elastic());
      assertThatThrownBy(() -> job.run(quantised, folder.resolve("run"), watch()))
          .isInstanceOf(BadInput.class)
          .hasMessageStartingWith("--ewc over a base in NF4");
      assertThat(folder.resolve("run")).doesNotExist();
    }
  }

  @Test
  void l2_heavy_keepsTheWeightsWhereTheyWere() {
    Path light = folder.resolve("light");
    Path heavy = folder.resolve("heavy");
    job(method("lora"), l2(1e-6)).run(model, light, watch());
    job(method("lora"), l2(10)).run(model, heavy, watch());

    assertThat(last(heavy, "l2-to-start") / 10).isLessThan(0.2 * last(light, "l2-to-start") / 1e-6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dora", "prefix"})
  void l2_whereNoWeightMovesLinearly_isRefused(String name) {
    assertThatThrownBy(() -> job(method(name), l2(1)))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("--l2-to-start beside --method " + name);
  }

  @Test
  void peakBytes_l2OfAModel_hasACopyOfItsWeights() {
    Footprint base = new Footprint(model.decoder().config(), Precision.FP32);
    TuneJob held = job(method("full"), l2(1));
    TuneJob free = job(method("full"), Regularisers.NONE);

    assertThat(
            held.peakBytes(base, held.settings(), 16) - free.peakBytes(base, free.settings(), 16))
        .isEqualTo(4 * base.config().parameters());
  }

  @Test
  void job_ofAnEarlierVersion_isHeldByNothing() {
    JsonNode job = Json.mapper().valueToTree(job(method("lora"), l2(1)));
    ((tools.jackson.databind.node.ObjectNode) job).remove("regularisers");
    ((tools.jackson.databind.node.ObjectNode) job.get("method")).remove("layers");

    TuneJob read = Json.mapper().treeToValue(job, TuneJob.class);

    assertThat(read.regularisers()).isEqualTo(Regularisers.NONE);
    assertThat(read.method()).isEqualTo(method("lora"));
  }

  @Test
  void layers_areTheOnlyOnesThatChange() {
    LowRank method = (LowRank) method("pissa");
    Path run = folder.resolve("run");
    job(method.in(new Layers(1, 1)), Regularisers.NONE).run(model, run, watch());

    JsonNode config = Json.read(run.resolve("adapter/adapter_config.json"));
    assertThat(config.get("layers_to_transform").toString()).isEqualTo("[1]");
    assertThat(config.get("target_modules").isArray()).isTrue();
    try (Scope _ = Scope.open()) {
      assertThat(PeftFolder.read(run.resolve("adapter"), model.decoder().config()).factors())
          .hasSize(7)
          .allSatisfy((name, _) -> assertThat(name).startsWith("model.layers.1."));
    }
    assertThat(((LowRank) TuneJob.of(run).method()).layers()).hasValue(new Layers(1, 1));
  }

  @Test
  void layers_thatTheModelHasNot_orOfAPattern_areRefused() {
    LowRank method = (LowRank) method("lora");
    for (Layers layers : List.of(new Layers(1, 2), new Layers(1, 0))) {
      assertThatThrownBy(() -> method.in(layers).over(model, "llama"))
          .isInstanceOf(BadInput.class)
          .hasMessage(
              "--layers %s: the model has layers 0 to 1; give FROM-TO among them"
                  .formatted(layers));
    }
    LowRank pattern = LowRank.of("lora", 2, OptionalDouble.empty(), ".*q_proj");
    assertThatThrownBy(() -> pattern.in(new Layers(0, 0)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--targets .*q_proj");
    assertThatThrownBy(() -> Layers.parse("--layers ", "a-3"))
        .isInstanceOf(BadInput.class)
        .hasMessage("--layers a-3: give FROM-TO, such as 15-29");
  }
}
