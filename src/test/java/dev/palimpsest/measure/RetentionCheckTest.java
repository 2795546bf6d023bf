package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.TinyTask;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tune.LossCheck;
import dev.palimpsest.tune.LossLimit;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Method;
import dev.palimpsest.tune.Retention;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.TuneSettings;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** On a tiny random model that learns to say yes, and grows worse at other texts. */
class RetentionCheckTest {
  private static final String WEIGHTS = "adapter/adapter_model.safetensors";

  @TempDir private Path folder;
  private LanguageModel base;
  private Path data;
  private Path texts;

  @BeforeEach
  void open() throws IOException {
    base = LanguageModel.load(Reference.checkpoint("llama"), Precision.FP32, Device.CPU);
    TinyTask task = TinyTask.in(folder, 12);
    data = task.data();
    texts = task.texts();
  }

  @AfterEach
  void close() {
    base.close();
  }

  /** Twelve steps, looked at after each fourth. */
  private TuneJob job(Path probe, double margin) {
    return new TuneJob(
        "tiny",
        DataSpec.of(data),
        Optional.empty(),
        0,
        Optional.empty(),
        new LowRank("lora", 4, 8, "all-linear"),
        new TuneSettings(
            4,
            1,
            0.02,
            Schedule.LINEAR,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.of(12), 1),
            new TuneSettings.Saving(
                3,
                2,
                4,
                TuneSettings.Outcome.LAST,
                Optional.of(new LossLimit(List.of(probe.toString()), margin, 1, 4))),
            1),
        Precision.FP32,
        1);
  }

  private Tuner.Watch watching(TuneJob job, Progress progress, Cancellation cancellation) {
    return RetentionCheck.watching(
        job, base, folder.resolve("cache"), new Tuner.Watch(progress, cancellation, () -> 0));
  }

  private Tuner.Watch watching(TuneJob job) {
    return watching(job, Progress.none(), new Cancellation());
  }

  /** A limit that the second look is over and the first is not. */
  private TuneJob between() {
    TuneJob free = job(texts, 1);
    free.run(base, folder.resolve("free"), watching(free));
    List<Double> lost =
        RunFolder.metrics(folder.resolve("free")).stream()
            .filter(line -> line.has("lost"))
            .map(line -> line.at("/lost/texts").asDouble())
            .toList();
    assertThat(lost).hasSize(3);
    assertThat(lost.get(1)).isGreaterThan(lost.get(0)).isPositive(); // else the tests show nothing
    return job(texts, Math.max(0, (lost.get(0) + lost.get(1)) / 2));
  }

  @Test
  void run_losesMore_givesBackTheLookBeforeAndTellsOfItOnTheOtherHalf() {
    TuneJob job = between();
    Path run = folder.resolve("run");

    Tuner.Result result = job.run(base, run, watching(job));

    assertThat(result.steps()).isEqualTo(8);
    assertThat(result.bestStep()).hasValue(4);
    Retention retention = result.retention().orElseThrow();
    assertThat(retention.overAt()).hasValue(8);
    Outcome selected = ledger(Half.SELECTION, run);
    assertThat(RunFolder.metrics(run).get(3).at("/lost/texts").asDouble())
        .isEqualTo(selected.loss())
        .isLessThanOrEqualTo(retention.limit());
    Outcome told = ledger(Half.REPORT, run);
    LossCheck.Loss loss = retention.product().getFirst();
    assertThat(loss.loss()).isEqualTo(told.loss()).isNotEqualTo(selected.loss());
    assertThat(loss.items()).isEqualTo(told.n());
    assertThat(told.n() + selected.n()).isEqualTo(24);
    Interval interval = told.lossInterval().orElseThrow();
    assertThat(loss.lossCi95()).hasValue(List.of(interval.low(), interval.high()));
    assertThat(RunStates.of(run, base).all())
        .extracting(RunState::name)
        .containsExactly("base", "step 3", "end");
  }

  private Outcome ledger(Half half, Path run) {
    Probe probe = half.of(new ProbeReader().read(texts, ProbeKind.RETENTION));
    return new LedgerJob(List.of(probe), 4, 0, 8, 0)
        .measure(
            TunedModel.base("tiny", base),
            TunedModel.with("tiny", base, run.resolve("adapter")),
            folder.resolve("other.sqlite"),
            Progress.none())
        .probes()
        .getFirst()
        .outcome();
  }

  @Test
  void resume_ofARunKilledAfterTheLookThatEndsIt_endsTheSame() throws IOException {
    TuneJob job = between();
    Path whole = folder.resolve("whole");
    Tuner.Result result = job.run(base, whole, watching(job));
    for (int step : new int[] {5, 8}) {
      Path cut = folder.resolve("cut" + step);
      Progress killing =
          point -> {
            if (point.task().equals("tuning") && point.done() == step) {
              throw new IllegalStateException("killed");
            }
          };
      assertThatThrownBy(() -> job.run(base, cut, watching(job, killing, new Cancellation())))
          .hasMessage("killed");
      List<JsonNode> lines = RunFolder.metrics(cut);
      assertThat(lines).hasSize(step);

      Tuner.Result resumed = TuneJob.of(cut).resume(base, cut, watching(job));

      assertThat(resumed.retention()).isEqualTo(result.retention());
      assertThat(resumed.bestStep()).isEqualTo(result.bestStep());
      assertThat(cut.resolve(WEIGHTS)).hasSameBinaryContentAs(whole.resolve(WEIGHTS));
      assertThat(RunFolder.metrics(cut)).hasSize(8).startsWith(lines.toArray(JsonNode[]::new));
    }
  }

  @Test
  void resume_overAnotherProbe_isRefused() throws IOException {
    TuneJob job = job(texts, 1);
    Path run = folder.resolve("run");
    Cancellation cancellation = new Cancellation();
    Progress stopping =
        point -> {
          if (point.task().equals("tuning") && point.done() == 2) {
            cancellation.request();
          }
        };
    job.run(base, run, watching(job, stopping, cancellation));
    Files.writeString(texts, Files.readString(texts) + "{\"text\": \"one more\"}\n");

    assertThatThrownBy(() -> job.resume(base, run, watching(job)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--probe is not what the run began with");
  }

  @Test
  void watching_aProbeThatCannotBeHeldOnTo_isRefused() throws IOException {
    TuneJob absent = job(folder.resolve("absent.jsonl"), 0.01);
    assertThatThrownBy(() -> watching(absent))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("absent.jsonl");
    Path one = Files.writeString(folder.resolve("one.jsonl"), "{\"text\": \"all there is\"}\n");
    TuneJob single = job(one, 0.01);
    assertThatThrownBy(() -> watching(single))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("probe one: its 1 items all fall into one half");
  }

  @Test
  void watching_aRunWithoutALimit_isAsBefore() {
    Tuner.Watch watch = new Tuner.Watch(Progress.none(), new Cancellation(), () -> 0);
    Method lora = TinyRun.LORA;
    Path run = folder.resolve("run");
    TinyRun.train(base, data, 0, lora, run);
    assertThat(RetentionCheck.watching(TuneJob.of(run), base, folder, watch)).isSameAs(watch);
    assertThat(RunFolder.about(run).has("probes")).isFalse();
    assertThat(TuneJob.result(run).orElseThrow().retention()).isEmpty();
  }
}
