package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A run that ends when it has lost too much, told so by a script. */
class LossLimitTest {
  private static final Path LLAMA = Path.of("src/test/resources/checkpoints/llama");
  private static final String WEIGHTS = "adapter/adapter_model.safetensors";

  @TempDir private Path folder;
  private LanguageModel model;
  private Path data;

  @BeforeEach
  void load() throws IOException {
    model = LanguageModel.load(LLAMA, Precision.FP32, Device.CPU);
    data = folder.resolve("data.jsonl");
    Files.writeString(
        data, "{\"text\": \"The old text still shows, here and there.\"}\n".repeat(8));
  }

  @AfterEach
  void close() {
    model.close();
  }

  /** Looks at every second step of eight. */
  private TuneJob job(int steps, TuneSettings.Outcome outcome, Optional<LossLimit> limit) {
    return job(steps, new TuneSettings.Saving(3, 1, 2, outcome, limit));
  }

  private TuneJob job(int steps, TuneSettings.Saving saving) {
    boolean best = saving.outcome() == TuneSettings.Outcome.BEST;
    return new TuneJob(
        "llama",
        DataSpec.of(data),
        best ? Optional.of(data) : Optional.empty(),
        0,
        Optional.empty(),
        new LowRank("lora", 4, 8, "all-linear"),
        new TuneSettings(
            2,
            1,
            1e-2,
            Schedule.CONSTANT,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.of(steps), 1),
            saving,
            1),
        Precision.FP32,
        1);
  }

  private TuneJob job(TuneSettings.Outcome outcome) {
    return job(8, outcome, Optional.of(new LossLimit(List.of("old"), 0.01, 1, 4)));
  }

  /** Gives these losses, one at each look. */
  private record Script(Deque<Double> losses) implements LossCheck {
    @Override
    public String fingerprint() {
      return "script";
    }

    @Override
    public List<Loss> deciding(Now now) {
      double loss = losses.removeFirst();
      return List.of(new Loss("old", 100, 0.5, 0.5 - loss, loss, Optional.empty()));
    }

    @Override
    public List<Loss> telling(Now now) {
      return List.of(new Loss(now.parameters(), 90, 0.5, 0.5, 0, Optional.empty()));
    }
  }

  private static Tuner.Watch watch() {
    return new Tuner.Watch(Progress.none(), new Cancellation(), () -> 0);
  }

  private Tuner.Result run(TuneJob job, Path run, Double... losses) {
    return job.run(model, run, watch().with(new Script(new ArrayDeque<>(List.of(losses)))));
  }

  @Test
  void run_overTheLimit_endsAndWritesTheStateOfTheLookBefore() {
    Path run = folder.resolve("run");
    Tuner.Result result = run(job(TuneSettings.Outcome.LAST), run, -0.1, 0.01, 0.02);

    assertThat(result.steps()).isEqualTo(6);
    assertThat(result.finished()).isTrue();
    assertThat(result.bestStep()).hasValue(4);
    Retention retention = result.retention().orElseThrow();
    assertThat(retention.overAt()).hasValue(6);
    assertThat(retention.last()).extracting(LossCheck.Loss::loss).containsExactly(0.02);
    Path alone = folder.resolve("alone");
    job(4, TuneSettings.Outcome.LAST, Optional.empty()).run(model, alone, watch());
    assertThat(run.resolve(WEIGHTS)).hasSameBinaryContentAs(alone.resolve(WEIGHTS));
    List<JsonNode> lines = RunFolder.metrics(run);
    assertThat(lines).hasSize(6);
    assertThat(lines.get(3).at("/lost/old").asDouble()).isEqualTo(0.01);
    assertThat(lines.get(3).at("/stop").asBoolean()).isFalse();
    assertThat(lines.get(4).has("lost")).isFalse();
    assertThat(lines.get(5).at("/lost/old").asDouble()).isEqualTo(0.02);
    assertThat(lines.get(5).at("/stop").asBoolean()).isTrue();
    assertThat(Checkpoints.steps(run)).as("none of a state over the limit").doesNotContain(6L);
    assertThat(TuneJob.result(run)).hasValue(result);
    assertThat(TuneJob.of(run)).isEqualTo(job(TuneSettings.Outcome.LAST));
  }

  @Test
  void run_overTheLimitAtItsFirstLook_writesWhatItBeganWith() {
    Path run = folder.resolve("run");
    Tuner.Result result = run(job(TuneSettings.Outcome.LAST), run, 0.02);

    assertThat(result.steps()).isEqualTo(2);
    assertThat(result.bestStep()).hasValue(0);
    assertThat(Checkpoints.steps(run)).containsExactly(0L);
    try (Trained begun =
        new LowRank("lora", 4, 8, "all-linear").over(model, "llama").begin(new Seeds(1))) {
      begun.write(folder.resolve("begun/adapter"));
    }
    assertThat(run.resolve(WEIGHTS))
        .hasSameBinaryContentAs(folder.resolve("begun").resolve(WEIGHTS));
  }

  @Test
  void run_neverOverTheLimit_givesTheBytesOfARunWithoutOne() {
    Path run = folder.resolve("run");
    Tuner.Result result = run(job(TuneSettings.Outcome.LAST), run, 0.0, 0.01, 0.0, 0.005);
    Path free = folder.resolve("free");
    job(8, TuneSettings.Outcome.LAST, Optional.empty()).run(model, free, watch());

    assertThat(result.steps()).isEqualTo(8);
    assertThat(result.retention().orElseThrow().overAt()).isEmpty();
    assertThat(run.resolve(WEIGHTS)).hasSameBinaryContentAs(free.resolve(WEIGHTS));
  }

  @Test
  void run_overTheLimitAtItsLastStep_isSoAfterAResumeToo() {
    Path run = folder.resolve("run");
    TuneJob job = job(TuneSettings.Outcome.LAST);
    Tuner.Result whole = run(job, run, 0.0, 0.0, 0.0, 0.02);
    Path cut = folder.resolve("cut");
    Cancellation cancellation = new Cancellation();
    Progress stopping =
        point -> {
          if (point.done() == 7) {
            cancellation.request();
          }
        };
    Script script = new Script(new ArrayDeque<>(List.of(0.0, 0.0, 0.0, 0.02)));
    job.run(model, cut, new Tuner.Watch(stopping, cancellation, () -> 0).with(script));
    Tuner.Result resumed = job.resume(model, cut, watch().with(script));

    assertThat(whole.bestStep()).hasValue(6);
    assertThat(resumed.bestStep()).hasValue(6);
    assertThat(resumed.retention()).isEqualTo(whole.retention());
    assertThat(cut.resolve(WEIGHTS)).hasSameBinaryContentAs(run.resolve(WEIGHTS));
  }

  @Test
  void run_withPatience_endsWhenItsLooksInARowAreOverAndSoAfterAResume() {
    LossLimit limit = new LossLimit(List.of("old"), 0.01, 2, 4);
    TuneJob job = job(12, TuneSettings.Outcome.LAST, Optional.of(limit));
    Path run = folder.resolve("run");
    Tuner.Result whole = run(job, run, 0.02, 0.0, 0.02, 0.03);
    assertThat(whole.steps()).isEqualTo(8);
    assertThat(whole.bestStep()).hasValue(4);
    assertThat(RunFolder.metrics(run).get(5).at("/over_limit").asBoolean()).isTrue();
    assertThat(RunFolder.metrics(run).get(5).at("/stop").asBoolean()).isFalse();

    Path cut = folder.resolve("cut");
    Cancellation cancellation = new Cancellation();
    Progress stopping =
        point -> {
          if (point.done() == 7) { // between the two
            cancellation.request();
          }
        };
    Script script = new Script(new ArrayDeque<>(List.of(0.02, 0.0, 0.02, 0.03)));
    job.run(model, cut, new Tuner.Watch(stopping, cancellation, () -> 0).with(script));
    Tuner.Result resumed = job.resume(model, cut, watch().with(script));

    assertThat(resumed.steps()).isEqualTo(8);
    assertThat(resumed.retention()).isEqualTo(whole.retention());
    assertThat(cut.resolve(WEIGHTS)).hasSameBinaryContentAs(run.resolve(WEIGHTS));
  }

  @Test
  void run_keepBestUnderALimit_takesTheBestOfWhatIsWithin() {
    Path run = folder.resolve("run");
    Tuner.Result result = run(job(TuneSettings.Outcome.BEST), run, 0.0, 0.0, 0.02);

    assertThat(RunFolder.metrics(run).get(5).get("eval_loss").asDouble())
        .as("else the test shows nothing")
        .isLessThan(result.bestEvalLoss().orElseThrow());
    assertThat(result.bestStep()).hasValue(4);
  }

  @Test
  void limit_neverLookedAt_isRefused() {
    LossLimit limit = new LossLimit(List.of("old"), 0.01, 1, 4);
    TuneSettings.Saving never =
        new TuneSettings.Saving(0, 0, 0, TuneSettings.Outcome.LAST, Optional.of(limit));
    assertThatThrownBy(() -> job(8, never))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--eval-every");
  }
}
