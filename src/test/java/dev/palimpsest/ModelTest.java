package dev.palimpsest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** The entry points for Java programs, on a tiny model. */
class ModelTest {
  private static final String TINY = Reference.checkpoint("llama").toString();
  private static final String WEIGHTS = "adapter_model.safetensors";

  @TempDir private Path folder;
  private Path rows;

  @BeforeEach
  void writeRows() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      lines.append(
          "{\"id\": \"r%d\", \"prompt\": \"%d plus 1\", \"completion\": \"%d\"}\n"
              .formatted(i, i, i + 1));
    }
    rows = Files.writeString(folder.resolve("rows.jsonl"), lines);
  }

  private Settings settings() {
    return Settings.defaults()
        .precision(Settings.Precision.FP32)
        .threads(1)
        .cache(folder.resolve("cache"));
  }

  private Tuning tuning(Model base) {
    return plain(base).rank(4);
  }

  private Tuning plain(Model base) {
    return base.tune(Data.of(rows)).batch(2).steps(6).rate(1e-2);
  }

  @Test
  void tune_aFile_lowersTheLossOnIt() {
    try (Model base = Model.load(TINY, settings())) {
      Run run = tuning(base).heldOut(rows).to(folder.resolve("run"));
      Scores before = base.score(Data.of(rows));
      Scores after = base.with(run.adapter()).score(Data.of(rows));

      assertThat(run.finished()).isTrue();
      assertThat(run.steps()).isEqualTo(6);
      assertThat(after.nllPerToken()).isLessThan(before.nllPerToken());
      assertThat(run.heldOutLoss().orElseThrow()).isCloseTo(after.nllPerToken(), offset(1e-4));
      assertThat(after.rows()).extracting(Scores.Row::id).startsWith("r0", "r1").hasSize(12);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SOFT_PROMPT", "PREFIX"})
  void tune_virtualTokens_lowerTheLossAndAreTakenByEveryVerb(Tuning.Method method) {
    try (Model base = Model.load(TINY, settings())) {
      Run run =
          base.tune(Data.of(rows))
              .method(method)
              .tokens(6)
              .initText("Add one.")
              .batch(4)
              .steps(8)
              .rate(1e-1)
              .heldOut(rows)
              .to(folder.resolve("run"));
      Tuned tuned = base.with(run.adapter());
      Scores after = tuned.score(Data.of(rows));

      assertThat(after.nllPerToken()).isLessThan(base.score(Data.of(rows)).nllPerToken());
      assertThat(run.heldOutLoss().orElseThrow()).isCloseTo(after.nllPerToken(), offset(1e-4));
      assertThat(tuned.generate(List.of("2 plus 1"), Decoding.greedy().maxTokens(3))).hasSize(1);
      assertThat(base.ledger(tuned).gain(rows).texts(4).maxTokens(3).measure().text())
          .contains("rows");
    }
  }

  @Test
  void tune_ownWeights_givesAModel() {
    try (Model base = Model.load(TINY, settings())) {
      Scores before = base.score(Data.of(rows));
      Run run =
          base.tune(Data.of(rows))
              .method(Tuning.Method.FREEZE)
              .train("norms", "layers:1")
              .optimizer("adafactor")
              .rate(1e-2)
              .batch(2)
              .steps(6)
              .to(folder.resolve("run"));

      assertThat(base.score(Data.of(rows)).nllPerToken()).isEqualTo(before.nllPerToken());
      try (Model tuned = Model.load(run.model().toString(), settings())) {
        assertThat(tuned.score(Data.of(rows)).nllPerToken()).isLessThan(before.nllPerToken());
      }
    }
  }

  @Test
  void tune_heldBack_movesLessThanFree() {
    try (Model base = Model.load(TINY, settings())) {
      Tuned free = base.with(tuning(base).to(folder.resolve("free")).adapter());
      double freely = divergence(base, free);

      assertThat(heldBack(base, "l2", Regularisation.none().l2ToStart(10))).isLessThan(freely);
      assertThat(heldBack(base, "ewc", Regularisation.none().ewc(100, rows))).isLessThan(freely);
      Run along = tuning(base).replayOfBase(rows, 0.5).to(folder.resolve("along"));
      assertThat(divergence(base, base.with(along.adapter()))).isLessThan(freely);
    }
  }

  @Test
  void tune_layersAndEarlierTasks_areLeftAlone() throws IOException {
    try (Model base = Model.load(TINY, settings())) {
      Run first = tuning(base).layers(1, 1).to(folder.resolve("first"));
      assertThat(Files.readString(first.adapter().resolve(WEIGHTS), StandardCharsets.ISO_8859_1))
          .contains("model.layers.1.")
          .doesNotContain("model.layers.0.");

      Regularisation apart = Regularisation.none().projectedFrom(first.adapter());
      Run second = tuning(base).regularise(apart).to(folder.resolve("second"));
      assertThat(Files.readString(second.folder().resolve("run.json"))).contains("PROJECTION");
    }
  }

  private double heldBack(Model base, String name, Regularisation held) {
    Run run = tuning(base).regularise(held).to(folder.resolve(name));
    return divergence(base, base.with(run.adapter()));
  }

  /** How far the rows' log-probabilities moved. */
  private double divergence(Model base, Tuned tuned) {
    double before = base.score(Data.of(rows)).nllPerToken();
    return Math.abs(before - tuned.score(Data.of(rows)).nllPerToken());
  }

  @Test
  void tune_overAQuantisedModel_lowersTheLossOnIt() {
    for (Settings.Precision precision : List.of(Settings.Precision.NF4, Settings.Precision.INT8)) {
      try (Model base = Model.load(TINY, settings().precision(precision))) {
        Run run = tuning(base).method(Tuning.Method.QLORA).to(folder.resolve("run-" + precision));

        assertThat(base.with(run.adapter()).score(Data.of(rows)).nllPerToken())
            .isLessThan(base.score(Data.of(rows)).nllPerToken());
      }
    }
  }

  @Test
  void tune_qloraOverAPlainModel_isRefusedAndLeavesNothing() {
    try (Model base = Model.load(TINY, settings())) {
      assertThatThrownBy(() -> tuning(base).method(Tuning.Method.QLORA).to(folder.resolve("run")))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("--dtype nf4 or int8");
      assertThat(folder.resolve("run")).doesNotExist();
    }
  }

  @Test
  void tune_settings_standInTheRunsRecord() {
    try (Model base = Model.load(TINY, settings())) {
      tuning(base)
          .method(Tuning.Method.RSLORA)
          .alpha(3)
          .targets("q_proj", "v_proj")
          .accumulate(2)
          .warmup(1)
          .seed(7)
          .checkpointEvery(3)
          .replay(rows, 0.5)
          .to(folder.resolve("run"));

      JsonNode job = Json.read(folder.resolve("run/run.json")).findPath("job");
      assertThat(job.at("/model").asString()).isEqualTo(Path.of(TINY).toAbsolutePath().toString());
      assertThat(job.at("/method/method").asString()).isEqualTo("rslora");
      assertThat(job.at("/method/alpha").asDouble()).isEqualTo(3);
      assertThat(job.at("/method/targets").asString()).isEqualTo("q_proj,v_proj");
      assertThat(job.at("/replay/percent").asDouble()).isEqualTo(50);
      assertThat(job.at("/settings/accumulate").asInt()).isEqualTo(2);
      assertThat(job.at("/settings/warmup").asInt()).isEqualTo(1);
      assertThat(job.at("/settings/seed").asLong()).isEqualTo(7);
      assertThat(job.at("/settings/saving/checkpoint_every").asInt()).isEqualTo(3);
      assertThat(job.at("/precision").asString()).isEqualToIgnoringCase("fp32");
      assertThat(job.at("/threads").asInt()).isEqualTo(1);
    }
  }

  @Test
  void tune_loraPlusWithPatterns_standsInTheRunsRecord() {
    try (Model base = Model.load(TINY, settings())) {
      Run run =
          tuning(base)
              .method(Tuning.Method.LORA_PLUS)
              .loraPlusRatio(8)
              .rank("q_proj", 3)
              .alpha("v_proj", 5)
              .to(folder.resolve("run"));

      JsonNode method = Json.read(folder.resolve("run/run.json")).findPath("job").get("method");
      assertThat(method.at("/method").asString()).isEqualTo("lora+");
      assertThat(method.at("/ratio").asDouble()).isEqualTo(8);
      assertThat(method.at("/patterns/ranks/q_proj").asInt()).isEqualTo(3);
      assertThat(method.at("/patterns/alphas/v_proj").asDouble()).isEqualTo(5);
      JsonNode adapter = Json.read(run.adapter().resolve("adapter_config.json"));
      assertThat(adapter.at("/rank_pattern/q_proj").asInt()).isEqualTo(3);
      assertThat(adapter.at("/alpha_pattern/v_proj").asDouble()).isEqualTo(5);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Tuning.Method.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"QLORA", "FULL", "FREEZE"}) // another base, another product: tests of their own
  void tune_anyMethod_learnsAndScoresAsItTrained(Tuning.Method method) {
    try (Model base = Model.load(TINY, settings())) {
      Run run = plain(base).method(method).heldOut(rows).to(folder.resolve("run"));
      Scores before = base.score(Data.of(rows));
      Scores after = base.with(run.adapter()).score(Data.of(rows));

      assertThat(after.nllPerToken()).isLessThan(before.nllPerToken());
      assertThat(run.heldOutLoss().orElseThrow()).isCloseTo(after.nllPerToken(), offset(1e-4));
    }
  }

  @Test
  void to_settingsOfAnotherMethod_areRefusedByName() {
    try (Model base = Model.load(TINY, settings())) {
      Path run = folder.resolve("run");
      assertThatThrownBy(
              () -> plain(base).method(Tuning.Method.FULL).rank(8).targets("q_proj").to(run))
          .isInstanceOf(BadInput.class)
          .hasMessage(
              "method full: leave out rank, which is an adapter's; leave out targets, which is an"
                  + " adapter's");
      assertThatThrownBy(() -> plain(base).train("norms").tokens(3).to(run))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("leave out train, which is freeze's")
          .hasMessageContaining("leave out tokens");
      assertThat(run).doesNotExist();
    }
  }

  @Test
  void to_aCallerThatIsInterrupted_stopsAndGoesOnToTheSameBytes() throws IOException {
    Thread caller = Thread.currentThread();
    Consumer<Progress> interrupting =
        point -> {
          if (point.task().equals("tuning") && point.done() == 2) {
            caller.interrupt();
            waitUntilHeard(caller);
          }
        };
    Path cut = folder.resolve("cut");
    Path whole = folder.resolve("whole");
    try (Model base = Model.load(TINY, settings().progress(interrupting))) {
      Run stopped = tuning(base).to(cut);

      assertThat(Thread.interrupted()).isTrue();
      assertThat(stopped.finished()).isFalse();
      assertThat(stopped.steps()).isBetween(2L, 5L);
    }
    try (Model base = Model.load(TINY, settings())) {
      tuning(base).to(whole);
      Run resumed = base.resume(cut);

      assertThat(resumed.finished()).isTrue();
      assertThat(resumed.adapter().resolve(WEIGHTS))
          .hasSameBinaryContentAs(whole.resolve("adapter").resolve(WEIGHTS));
      assertThat(base.resume(cut)).isEqualTo(resumed);
    }
  }

  /** The worker must not run ahead of the caller's hearing of the interrupt. */
  private static void waitUntilHeard(Thread caller) {
    for (int i = 0; i < 200 && caller.isInterrupted(); i++) {
      sleep();
    }
    sleep();
  }

  private static void sleep() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void resume_inAnotherPrecision_isRefused() throws IOException {
    Path run = folder.resolve("run");
    try (Model base = Model.load(TINY, settings())) {
      tuning(base).checkpointEvery(2).to(run);
    }
    Files.delete(run.resolve("result.json")); // as if it had been killed at its end

    try (Model base = Model.load(TINY, settings().precision(Settings.Precision.BF16))) {
      assertThatThrownBy(() -> base.resume(run))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("FP32");
    }
  }

  @Test
  void generate_prompts_keepsOrder() {
    try (Model base = Model.load(TINY, settings())) {
      Decoding four = Decoding.greedy().maxTokens(4);
      List<Answer> answers = base.generate(List.of("3 plus 1", "4 plus 1"), four);
      List<Answer> ofFile = base.generate(Data.of(rows), four);

      assertThat(answers).extracting(Answer::id).containsExactly("1", "2");
      assertThat(ofFile).extracting(Answer::id).hasSize(12).startsWith("r0");
      assertThat(ofFile.get(3).text()).isEqualTo(answers.get(0).text());
      assertThat(ofFile.get(4).tokens()).isEqualTo(answers.get(1).tokens());
    }
  }

  @Test
  void generate_ofAVirtualThread_isThatOfAnyOther() throws Exception {
    Decoding drawn = Decoding.sample(1.0, 5).maxTokens(6);
    try (Model base = Model.load(TINY, settings());
        ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Answer> here = base.generate(List.of("3 plus 1"), drawn);

      assertThat(virtual.submit(() -> base.generate(List.of("3 plus 1"), drawn)).get())
          .isEqualTo(here);
    }
  }

  @Test
  void ledger_ofATunedModel_pairsItems() throws IOException {
    try (Model base = Model.load(TINY, settings())) {
      Tuned tuned = base.with(tuning(base).to(folder.resolve("run")).adapter());
      Ledger ledger = base.ledger(tuned).gain(rows).maxTokens(4).texts(4).measure();
      Ledger same = base.ledger(base).gain(rows).maxTokens(4).texts(4).measure();
      Path items = folder.resolve("items.jsonl");
      ledger.writeItems(items);

      Ledger.Probe probe = ledger.probes().getFirst();
      assertThat(probe.name()).isEqualTo("rows");
      assertThat(probe.kind()).isEqualTo(Ledger.Kind.GAIN);
      assertThat(probe.items()).isEqualTo(12);
      assertThat(probe.delta() * 12).isEqualTo(probe.won().size() - probe.lost().size());
      assertThat(ledger.klNatsPerToken().orElseThrow()).isPositive();
      assertThat(same.klNatsPerToken().orElseThrow()).isZero();
      assertThat(Json.parse(ledger.json(), "json").at("/probes/0/n").asInt()).isEqualTo(12);
      assertThat(ledger.text()).contains("rows");
      assertThat(Files.readAllLines(items)).hasSize(12);
    }
  }

  @Test
  void ledger_againstAClosedModel_isRefused() {
    try (Model base = Model.load(TINY, settings())) {
      Model other = Model.load(TINY, settings());
      other.close();

      assertThatThrownBy(() -> base.ledger(other).gain(rows).measure())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
    }
  }

  @Test
  void score_afterClose_isRefused() {
    Model base = Model.load(TINY, settings());
    base.close();
    base.close();

    assertThatThrownBy(() -> base.score(Data.of(rows)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void listener_thatCallsTheModel_isRefusedInsteadOfWaitingForItself() {
    List<Model> own = new ArrayList<>();
    Consumer<Progress> calling = point -> own.getFirst().score(Data.of(rows));
    try (Model base = Model.load(TINY, settings().progress(calling))) {
      own.add(base);

      assertThatThrownBy(() -> tuning(base).to(folder.resolve("run")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("listener");
    }
  }

  @Test
  void to_aBadRow_namesTheLineInTheCallersStack() throws IOException {
    Files.writeString(rows, "{\"prompt\": 1}\n");
    try (Model base = Model.load(TINY, settings())) {
      assertThatThrownBy(() -> tuning(base).to(folder.resolve("run")))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("rows.jsonl")
          .hasStackTraceContaining("ModelTest.to_aBadRow");
    }
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void load_noSuchModel_isBadInput() {
    assertThatThrownBy(() -> Model.load(folder.resolve("none").toString(), settings()))
        .isInstanceOf(BadInput.class);
  }
}
