package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Example;
import dev.palimpsest.data.ReadOptions;
import dev.palimpsest.data.SampleReader;
import dev.palimpsest.data.Source;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Scorer;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs whose product is a model. */
class FullRunTest {
  private static final Path LLAMA = Reference.checkpoint("llama");
  private static final String WEIGHTS = "model/model.safetensors";

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void writeData() throws IOException {
    data = folder.resolve("data.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      rows.append("{\"prompt\": \"%d plus 1\", \"completion\": \"%d\"}\n".formatted(i, i + 1));
    }
    Files.writeString(data, rows);
  }

  @ParameterizedTest
  @CsvSource({
    "full, adamw, FP32",
    "full, adamw8bit, FP32",
    "full, adafactor, BF16",
    "full, sgd, BF16",
    "freeze, adamw, BF16"
  })
  void resume_stoppedAfterTwo_givesTheBitsOfFour(
      String method, String optimizer, Precision precision) {
    TuneJob job = job(method, optimizer, precision);
    Path whole = folder.resolve("whole");
    Path cut = folder.resolve("cut");
    Cancellation afterTwo = new Cancellation();
    Progress counting =
        point -> {
          if (point.done() == 2) {
            afterTwo.request();
          }
        };
    try (LanguageModel model = load(LLAMA, precision)) {
      assertThat(job.run(model, whole, watch()).finished()).isTrue();
      assertThat(job.run(model, cut, new Tuner.Watch(counting, afterTwo, () -> 0)).steps())
          .isEqualTo(2);
      assertThat(cut.resolve(WEIGHTS)).exists();

      Tuner.Result resumed = TuneJob.of(cut).resume(model, cut, watch());

      assertThat(resumed.steps()).isEqualTo(4);
      assertThat(cut.resolve(WEIGHTS)).hasSameBinaryContentAs(whole.resolve(WEIGHTS));
      assertThat(cut.resolve(WEIGHTS))
          .satisfies(
              file ->
                  assertThat(Files.mismatch(file, LLAMA.resolve("model.safetensors")))
                      .isNotNegative());
    }
  }

  /** It has learned nothing: no product, but a state from which it goes on. */
  @Test
  void run_stoppedBeforeTheFirstStep_hasNoProduct() {
    TuneJob job = job("full", "adamw", Precision.FP32);
    Path run = folder.resolve("run");
    Cancellation atOnce = new Cancellation();
    atOnce.request();
    try (LanguageModel model = load(LLAMA, Precision.FP32)) {
      Tuner.Result stopped = job.run(model, run, new Tuner.Watch(Progress.none(), atOnce, () -> 0));

      assertThat(stopped.steps()).isZero();
      assertThat(run.resolve("model")).doesNotExist();
      assertThat(TuneJob.of(run).resume(model, run, watch()).steps()).isEqualTo(4);
      assertThat(run.resolve(WEIGHTS)).exists();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"FP32", "BF16"})
  void product_loadedAgain_scoresAsInMemory(Precision precision) {
    TuneJob job = job("full", "adamw", precision);
    Path run = folder.resolve("run");
    Tuner.Result result;
    try (LanguageModel model = load(LLAMA, precision)) {
      result = job.run(model, run, watch());
    }

    assertThat(result.evalLoss()).isPresent();
    assertThat(loss(run.resolve("model"), precision))
        .isCloseTo(result.evalLoss().orElseThrow(), within(1e-6))
        .isNotCloseTo(loss(LLAMA, precision), within(1e-3));
  }

  @Test
  void product_ofFreeze_changesWhatIsNamedAlone() {
    Path run = folder.resolve("run");
    try (LanguageModel model = load(LLAMA, Precision.FP32)) {
      job("freeze", "adamw", Precision.FP32).run(model, run, watch());
    }

    try (Scope _ = Scope.open();
        Checkpoint before = Checkpoint.open(LLAMA);
        Checkpoint after = Checkpoint.open(run.resolve("model"))) {
      for (String name : before.weights().tensors().keySet()) {
        assertThat(after.weights().stored(name).mismatch(before.weights().stored(name)) < 0)
            .as(name)
            .isEqualTo(!name.endsWith("norm.weight") && !name.endsWith("1.mlp.up_proj.weight"));
      }
    }
  }

  @Test
  void product_ofAFolder_hasItsFiles() throws IOException {
    Path run = folder.resolve("run");
    try (LanguageModel model = load(LLAMA, Precision.FP32)) {
      job("full", "sgd", Precision.FP32).run(model, run, watch());
    }

    try (Stream<Path> files = Files.list(run.resolve("model"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "chat_template.jinja",
              "config.json",
              "generation_config.json",
              "model.safetensors",
              "tokenizer.json",
              "tokenizer_config.json");
    }
    assertThat(run.resolve("model/config.json"))
        .hasSameBinaryContentAs(LLAMA.resolve("config.json"));
  }

  @Test
  void adapter_ofAFullRun_isRefusedByName() {
    Path run = folder.resolve("run");
    try (LanguageModel model = load(LLAMA, Precision.FP32)) {
      job("full", "sgd", Precision.FP32).run(model, run, watch());

      assertThatThrownBy(() -> Checkpoints.adapter(run, 2, model))
          .isInstanceOf(BadInput.class)
          .hasMessage(
              run + ": a run of --method full has no adapter: its product is " + run + "/model");
    }
  }

  @Test
  void start_whatDoesNotExist_leavesNoRun() {
    Path run = folder.resolve("run");
    try (LanguageModel model = load(LLAMA, Precision.FP32)) {
      TuneJob job = job(new Full("freeze", "nothing"), "adamw", Precision.FP32);

      assertThatThrownBy(() -> job.run(model, run, watch()))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("--train nothing");
      assertThat(run).doesNotExist();
    }
  }

  private double loss(Path model, Precision precision) {
    try (LanguageModel loaded = load(model, precision);
        Dataset rows =
            SampleReader.read(data, DataSpec.of(data).reading(ReadOptions.Purpose.ANSWERS));
        Scope _ = Scope.open()) {
      Source source =
          Source.of(
              rows,
              loaded.encoder(DataSpec.of(data).encoding(loaded.decoder().config().context())));
      List<Example> held = new ArrayList<>();
      for (int i = 0; i < source.size(); i++) {
        held.addAll(source.at(i, 0));
      }
      double sum = 0;
      int labels = 0;
      for (Scorer.Scores scores : new Scorer(loaded.base(), Progress.none()).score(held)) {
        sum -= scores.logprob();
        labels += scores.logprobs().length;
      }
      return sum / labels;
    }
  }

  private TuneJob job(String method, String optimizer, Precision precision) {
    return job(
        method.equals("full")
            ? new Full("full", "all")
            : new Full("freeze", "norms,model.layers.1.mlp.up_proj"),
        optimizer,
        precision);
  }

  private TuneJob job(Full method, String optimizer, Precision precision) {
    return new TuneJob(
        "llama",
        DataSpec.of(data),
        Optional.of(data),
        0,
        Optional.empty(),
        method,
        new TuneSettings(
            3,
            1,
            1e-2,
            Schedule.LINEAR,
            0,
            1,
            optimizer,
            0.01,
            new TuneSettings.Length(OptionalInt.of(4), 1),
            new TuneSettings.Saving(2, 0, 0),
            1),
        precision,
        1);
  }

  private static Tuner.Watch watch() {
    return new Tuner.Watch(Progress.none(), new Cancellation(), () -> 0);
  }

  private static LanguageModel load(Path path, Precision precision) {
    return LanguageModel.load(path, precision, Device.best());
  }
}
