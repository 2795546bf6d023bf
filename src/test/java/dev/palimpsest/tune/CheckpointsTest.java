package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {
  private static final Path LLAMA = Path.of("src/test/resources/checkpoints/llama");

  @TempDir private Path folder;
  private LanguageModel model;
  private Path run;

  @BeforeEach
  void train() throws IOException {
    model = LanguageModel.load(LLAMA, Precision.FP32, Device.best());
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"text\": \"The old text still shows.\"}\n".repeat(4));
    run = folder.resolve("run");
    TuneJob job =
        new TuneJob(
            "llama",
            DataSpec.of(data),
            Optional.empty(),
            0,
            Optional.empty(),
            new LowRank("lora", 2, 4, "all-linear"),
            new TuneSettings(
                1,
                1,
                1e-2,
                Schedule.LINEAR,
                0,
                1,
                "adamw",
                0,
                new TuneSettings.Length(OptionalInt.of(4), 1),
                new TuneSettings.Saving(2, 0, 0),
                1),
            Precision.FP32,
            1);
    job.run(model, run, new Tuner.Watch(Progress.none(), new Cancellation(), () -> 0));
  }

  @AfterEach
  void close() {
    model.close();
  }

  @Test
  void steps_ofAFinishedRun_areThoseSaved() {
    assertThat(Checkpoints.steps(run)).containsExactly(2L, 4L);
  }

  @Test
  void adapter_ofTheLastCheckpoint_isTheRunsAdapter() {
    try (Scope _ = Scope.open()) {
      Adapter product = PeftFolder.read(run.resolve("adapter"), model.decoder().config());
      Adapter last = Checkpoints.adapter(run, 4, model);

      assertThat(last.config().baseFingerprint()).isEqualTo(product.config().baseFingerprint());
      assertThat(last.factors().keySet()).isEqualTo(product.factors().keySet());
      assertThat(values(last)).isEqualTo(values(product));
      assertThat(scales(last)).isEqualTo(scales(product));
    }
  }

  @Test
  void adapter_ofAnEarlierCheckpoint_isAnother() {
    try (Scope _ = Scope.open()) {
      assertThat(values(Checkpoints.adapter(run, 2, model)))
          .isNotEqualTo(values(Checkpoints.adapter(run, 4, model)));
    }
  }

  @Test
  void adapter_ofAStepThatWasNotSaved_isRefused() {
    assertThatThrownBy(() -> Checkpoints.adapter(run, 3, model))
        .isInstanceOf(BadInput.class)
        .hasMessage(run + ": no checkpoint of step 3");
  }

  @Test
  void adapter_overAnotherBase_isRefused() throws IOException {
    try (LanguageModel other = LanguageModel.load(otherBase(), Precision.FP32, Device.best())) {
      assertThatThrownBy(() -> Checkpoints.adapter(run, 4, other))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("the run was over llama with fingerprint");
    }
  }

  @Test
  void adapter_ofADamagedCheckpoint_isRefused() throws IOException {
    Path state = run.resolve("checkpoints/step-00000002/state.safetensors");
    byte[] bytes = Files.readAllBytes(state);
    bytes[bytes.length - 1] ^= 1;
    Files.write(state, bytes);

    assertThatThrownBy(() -> Checkpoints.adapter(run, 2, model))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("state.safetensors: missing or changed");
  }

  @Test
  void remove_ofAFinishedRun_leavesItsAdapter() {
    Checkpoints.remove(run);

    assertThat(Checkpoints.steps(run)).isEmpty();
    assertThat(run.resolve("adapter")).isNotEmptyDirectory();
  }

  /** The same model, but for the last bit of one weight. */
  private Path otherBase() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(LLAMA)) {
      for (Path file : files) {
        Files.copy(file, other.resolve(file.getFileName()));
      }
    }
    Path weights = other.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 4] ^= 1;
    Files.write(weights, bytes);
    return other;
  }

  private static List<FloatBuffer> values(Adapter adapter) {
    List<FloatBuffer> values = new ArrayList<>();
    adapter
        .factors()
        .values()
        .forEach(
            factors -> {
              values.add(FloatBuffer.wrap(factors.a().floats()));
              values.add(FloatBuffer.wrap(factors.b().floats()));
            });
    return values;
  }

  private static List<Double> scales(Adapter adapter) {
    return adapter.factors().values().stream().map(factors -> factors.scale()).toList();
  }
}
