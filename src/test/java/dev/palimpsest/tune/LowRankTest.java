package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs of the low-rank family: begun, cut off, gone on with, and taken away. */
class LowRankTest {
  private static final LowRank.Patterns PATTERNS =
      new LowRank.Patterns(Map.of("q_proj", 3), Map.of("layers\\.1\\.mlp\\.down_proj", 5.0));

  @TempDir private Path folder;

  private static LowRank method(String name) {
    return new LowRank(name, 2, 4, "all-linear").with(PATTERNS);
  }

  @ParameterizedTest
  @CsvSource({
    "rslora, FP32",
    "dora, FP32",
    "dora, BF16",
    "pissa, FP32",
    "pissa, BF16",
    "lora+, FP32"
  })
  void resume_ofARunThatWasStopped_givesTheBytesOfAWholeOne(String name, Precision precision)
      throws IOException {
    TuneJob job = job(method(name), precision);
    Path whole = folder.resolve("whole");
    Path cut = folder.resolve("cut");
    try (LanguageModel model = model(precision)) {
      job.run(model, whole, watch(new Cancellation(), Progress.none()));
      Cancellation stop = new Cancellation();
      Tuner.Result stopped = job.run(model, cut, watch(stop, afterTwo(stop)));
      assertThat(stopped.finished()).isFalse();
      assertThat(stopped.steps()).isEqualTo(2);
    }
    assertThat(TuneJob.of(cut)).isEqualTo(job);
    try (LanguageModel model = model(precision)) {
      TuneJob.of(cut).resume(model, cut, watch(new Cancellation(), Progress.none()));
    }
    for (String file : List.of("adapter_model.safetensors", "adapter_config.json")) {
      assertThat(cut.resolve("adapter").resolve(file))
          .hasSameBinaryContentAs(whole.resolve("adapter").resolve(file));
    }
    assertThat(RunFolder.metrics(whole).getLast().get("loss").asDouble())
        .isLessThan(RunFolder.metrics(whole).getFirst().get("loss").asDouble());
  }

  @ParameterizedTest
  @ValueSource(strings = {"dora", "pissa", "lora+"})
  void adapter_ofTheLastCheckpoint_isTheRunsAdapter(String name) throws IOException {
    Path run = folder.resolve("run");
    try (LanguageModel model = model(Precision.FP32);
        Scope _ = Scope.open()) {
      job(method(name), Precision.FP32).run(model, run, watch(new Cancellation(), Progress.none()));
      Adapter product = PeftFolder.read(run.resolve("adapter"), model.decoder().config());
      Adapter last = Checkpoints.adapter(run, 4, model);

      assertThat(last.config().rankPattern()).isEqualTo(product.config().rankPattern());
      assertThat(last.factors().keySet()).isEqualTo(product.factors().keySet());
      product
          .factors()
          .forEach(
              (module, each) -> {
                Factors saved = Objects.requireNonNull(last.factors().get(module));
                assertThat(saved.scale()).isEqualTo(each.scale());
                assertThat(saved.tensors()).hasSameSizeAs(each.tensors());
                for (int i = 0; i < each.tensors().size(); i++) {
                  assertThat(saved.tensors().get(i).floats())
                      .isEqualTo(each.tensors().get(i).floats());
                }
              });
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lora | 0 | 4 | all-linear | --rank 0: give 1 or more",
        "lora | 2 | -1 | all-linear | --alpha -1.0: give a number above 0",
        "loha | 2 | 4 | all-linear | --method loha: known are lora, rslora, dora, pissa, lora+",
        "pissa | 99 | 4 | q_proj | --rank 99: model.layers.0.self_attn.q_proj has only 32",
        "lora | 2 | 4 | c_attn | --targets c_attn: no module of this model",
        "dora | 2 | 4 | q_proj,embed_tokens | --method dora does not train an embedding",
      })
  void over_whatCannotBe_isRefusedBeforeAnyRun(
      String method, int rank, double alpha, String targets, String message) {
    try (LanguageModel model = model(Precision.FP32)) {
      assertThatThrownBy(() -> new LowRank(method, rank, alpha, targets).over(model, "llama"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(message);
    }
  }

  @Test
  void over_patternOfNoModule_isRefusedByName() {
    LowRank.Patterns patterns = new LowRank.Patterns(Map.of("q_prj", 8), Map.of());
    LowRank method = new LowRank("lora", 2, 4, "all-linear").with(patterns);
    try (LanguageModel model = model(Precision.FP32)) {
      assertThatThrownBy(() -> method.over(model, "llama"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("--rank-pattern q_prj: matches no target module");
    }
  }

  @Test
  void withRatio_ofAnotherMethod_isRefused() {
    LowRank method = new LowRank("dora", 2, 4, "all-linear");

    assertThatThrownBy(() -> method.withRatio(8))
        .isInstanceOf(BadInput.class)
        .hasMessage("--lora-plus-ratio goes with --method lora+, not dora");
  }

  private TuneJob job(LowRank method, Precision precision) throws IOException {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"text\": \"The old text still shows.\"}\n".repeat(4));
    return new TuneJob(
        "llama",
        DataSpec.of(data),
        Optional.empty(),
        0,
        Optional.empty(),
        method,
        new TuneSettings(
            1,
            1,
            5e-3,
            Schedule.LINEAR,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.of(4), 1),
            new TuneSettings.Saving(2, 0, 0),
            1),
        precision,
        1);
  }

  private static LanguageModel model(Precision precision) {
    return LanguageModel.load(Reference.checkpoint("llama"), precision, Device.best());
  }

  private static Tuner.Watch watch(Cancellation stop, Progress progress) {
    return new Tuner.Watch(progress, stop, () -> 0);
  }

  private static Progress afterTwo(Cancellation stop) {
    return point -> {
      if (point.task().equals("tuning") && point.done() == 2) {
        stop.request();
      }
    };
  }
}
