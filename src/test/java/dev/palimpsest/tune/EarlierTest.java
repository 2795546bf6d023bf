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
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that begin with an adapter: going on with it, and training over it. */
class EarlierTest {
  private static final Continued.Asked NOTHING =
      new Continued.Asked(Optional.empty(), OptionalInt.empty(), OptionalDouble.empty(), List.of());

  @TempDir private Path folder;
  private LanguageModel model;

  @BeforeEach
  void open() {
    model = LanguageModel.load(Reference.checkpoint("llama"), Precision.FP32, Device.best());
  }

  @AfterEach
  void close() {
    model.close();
  }

  private Path first(String method, String targets) throws IOException {
    Path run = folder.resolve("first");
    run(new LowRank(method, 2, 3, targets), "The old text still shows.", run, 5e-3);
    return run.resolve("adapter");
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora", "rslora", "dora"})
  void from_aRateOfNothing_isTheAdapterItself(String method) throws IOException {
    Path adapter = first(method, "q_proj,down_proj");
    Path run = folder.resolve("second");

    run(Continued.of(adapter, NOTHING), "Something new.", run, 1e-30);

    for (String file : List.of("adapter_model.safetensors", "adapter_config.json")) {
      assertThat(run.resolve("adapter").resolve(file))
          .hasSameBinaryContentAs(adapter.resolve(file));
    }
  }

  @Test
  void from_stoppedAndResumed_givesTheBytesOfAWholeRun() throws IOException {
    assertResumes(Continued.of(first("lora", "all-linear"), NOTHING));
  }

  @Test
  void over_stoppedAndResumed_givesTheBytesOfAWholeRun() throws IOException {
    assertResumes(Stacked.of(new LowRank("pissa", 2, 4, "q_proj"), first("lora", "all-linear")));
  }

  private void assertResumes(Method method) throws IOException {
    Path whole = folder.resolve("whole");
    Path cut = folder.resolve("cut");
    TuneJob job = run(method, "Something new.", whole, 5e-3);
    Cancellation stop = new Cancellation();
    job.run(model, cut, new Tuner.Watch(afterTwo(stop), stop, () -> 0));
    assertThat(TuneJob.of(cut)).isEqualTo(job);

    TuneJob.of(cut).resume(model, cut, watch());

    for (String file : List.of("adapter_model.safetensors", "adapter_config.json")) {
      assertThat(cut.resolve("adapter").resolve(file))
          .hasSameBinaryContentAs(whole.resolve("adapter").resolve(file));
    }
  }

  @Test
  void over_theProduct_isTheFrozenAdapterBesideTheNewOne() throws IOException {
    Path adapter = first("rslora", "q_proj,down_proj");
    Path run = folder.resolve("second");

    run(Stacked.of(new LowRank("lora", 4, 8, "q_proj,v_proj"), adapter), "New.", run, 5e-3);

    try (Scope _ = Scope.open()) {
      Map<String, Factors> before = PeftFolder.read(adapter, model.decoder().config()).factors();
      Adapter joined = PeftFolder.read(run.resolve("adapter"), model.decoder().config());
      Adapter saved = Checkpoints.adapter(run, 4, model);
      joined
          .factors()
          .forEach(
              (module, each) -> {
                Factors old = before.get(module);
                int rank = old == null ? 0 : old.rank();
                assertThat(each.rank()).isEqualTo(rank + (module.endsWith("down_proj") ? 0 : 4));
                if (old != null) {
                  assertThat(each.a().narrow(0, 0, rank).contiguous().floats())
                      .isEqualTo(old.a().floats());
                  assertThat(each.b().narrow(1, 0, rank).contiguous().floats())
                      .containsExactly(old.b().times(old.scale() / each.scale()).floats());
                }
                Factors last = Objects.requireNonNull(saved.factors().get(module));
                assertThat(last.b().floats()).isEqualTo(each.b().floats());
              });
    }
  }

  @Test
  void from_anAdapterThatHasChanged_isRefused() throws IOException {
    Path adapter = first("lora", "q_proj");
    Continued method = Continued.of(adapter, NOTHING);
    Files.writeString(
        adapter.resolve("adapter_config.json"),
        Files.readString(adapter.resolve("adapter_config.json")).replace("3", "4"));

    assertThatThrownBy(() -> method.over(model, "llama"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("is not the adapter that the run began with");
  }

  @Test
  void from_anAdapterOfAnotherBase_isRefused() throws IOException {
    Path adapter = first("lora", "q_proj");
    Files.writeString(
        adapter.resolve("palimpsest.json"),
        Files.readString(adapter.resolve("palimpsest.json")).replace(model.fingerprint(), "other"));

    assertThatThrownBy(() -> Continued.of(adapter, NOTHING).over(model, "llama"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("was trained over llama with fingerprint other");
  }

  @Test
  void of_whatTheAdapterIsNot_isToldAtOnce() throws IOException {
    Path adapter = first("lora", "q_proj");
    Continued.Asked asked =
        new Continued.Asked(
            Optional.of("dora"), OptionalInt.of(8), OptionalDouble.of(16), List.of("--targets"));

    assertThatThrownBy(() -> Continued.of(adapter, asked))
        .isInstanceOf(BadInput.class)
        .hasMessageContainingAll(
            "--method dora: it is lora", "--rank 8: its rank is 2", "--alpha 16.0", "--targets");
  }

  @ParameterizedTest
  @ValueSource(strings = {"from", "over"})
  void over_anAdapterOfTheHead_isRefusedByName(String way) throws IOException {
    Path adapter = first("lora", "q_proj,lm_head");
    Method method =
        way.equals("from")
            ? Continued.of(adapter, NOTHING)
            : Stacked.of(new LowRank("lora", 2, 4, "q_proj"), adapter);

    assertThatThrownBy(() -> method.over(model, "llama"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("the adapter changes lm_head");
  }

  @Test
  void of_aStackWithDora_isRefused() throws IOException {
    Path adapter = first("lora", "q_proj");

    assertThatThrownBy(() -> Stacked.of(new LowRank("dora", 2, 4, "q_proj"), adapter))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("DoRA");
  }

  private TuneJob run(Method method, String text, Path out, double rate) throws IOException {
    Path data = folder.resolve("data-" + text.length() + ".jsonl");
    Files.writeString(data, "{\"text\": \"%s\"}\n".formatted(text).repeat(4));
    TuneJob job =
        new TuneJob(
            "llama",
            DataSpec.of(data),
            Optional.empty(),
            0,
            Optional.empty(),
            method,
            new TuneSettings(
                1,
                1,
                rate,
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
    job.run(model, out, watch());
    return job;
  }

  private static Tuner.Watch watch() {
    return new Tuner.Watch(Progress.none(), new Cancellation(), () -> 0);
  }

  private static Progress afterTwo(Cancellation stop) {
    return point -> {
      if (point.task().equals("tuning") && point.done() == 2) {
        stop.request();
      }
    };
  }
}
