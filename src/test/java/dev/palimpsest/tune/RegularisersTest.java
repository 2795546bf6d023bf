package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Runs that are held back: the same bits after a stop, recorded, refused where they mean nothing. */
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
        Path.of("src/test/resources/checkpoints/llama"), Precision.FP32, Device.CPU);
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
    assertResumes(job(method(name), new Regularisers(0.5)));
    assertThat(last(folder.resolve("whole"), "l2-to-start")).isPositive();
  }

  @Test
  void l2_heavy_keepsTheWeightsWhereTheyWere() {
    Path light = folder.resolve("light");
    Path heavy = folder.resolve("heavy");
    job(method("lora"), new Regularisers(1e-6)).run(model, light, watch());
    job(method("lora"), new Regularisers(10)).run(model, heavy, watch());

    assertThat(last(heavy, "l2-to-start") / 10).isLessThan(0.2 * last(light, "l2-to-start") / 1e-6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dora", "prefix"})
  void l2_whereNoWeightMovesLinearly_isRefused(String name) {
    assertThatThrownBy(() -> job(method(name), new Regularisers(1)))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("--l2-to-start beside --method " + name);
  }

  @Test
  void peakBytes_l2OfAModel_hasACopyOfItsWeights() {
    Footprint base = new Footprint(model.decoder().config(), Precision.FP32);
    TuneJob held = job(method("full"), new Regularisers(1));
    TuneJob free = job(method("full"), Regularisers.NONE);

    assertThat(
            held.peakBytes(base, held.settings(), 16) - free.peakBytes(base, free.settings(), 16))
        .isEqualTo(4 * base.config().parameters());
  }

  @Test
  void job_ofAnEarlierVersion_isHeldByNothing() {
    JsonNode job = Json.mapper().valueToTree(job(method("lora"), new Regularisers(1)));
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
              "--layers %s: the model has layers 0 to 1; give FROM-TO among them".formatted(layers));
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
