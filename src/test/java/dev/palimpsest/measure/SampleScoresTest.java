package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.ScoreReport;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tune.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleScoresTest {
  private static final int ROWS = 70; // more than a chunk

  @TempDir private Path folder;
  private LanguageModel model;
  private Path data;
  private Path run;

  @BeforeEach
  void train() throws IOException {
    model = LanguageModel.load(Reference.checkpoint("llama"), Precision.FP32, Device.best());
    data = folder.resolve("data.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < ROWS; i++) {
      rows.append("{\"prompt\": \"%d plus 1\", \"completion\": \"%d\"}\n".formatted(i, i + 1));
    }
    Files.writeString(data, rows);
    run = folder.resolve("run");
    TinyRun.train(model, data, 0, TinyRun.LORA, run);
  }

  @AfterEach
  void close() {
    model.close();
  }

  private SampleTrajectories measure(String store) {
    return measure(store, Progress.none());
  }

  private SampleTrajectories measure(String store, Progress progress) {
    return SampleScores.measure(RunStates.of(run, model), folder.resolve(store), progress);
  }

  @Test
  void states_areTheBase_theCheckpoints_andTheEndOnce() {
    SampleTrajectories found = measure("store");

    assertThat(found.states())
        .containsExactly(
            new RunState("base", 0),
            new RunState("step 2", 2),
            new RunState("step 4", 4),
            new RunState("end", 6));
    assertThat(found.samples()).hasSize(ROWS);
    assertThat(found.kinds().values().stream().mapToInt(n -> n).sum()).isEqualTo(ROWS);
    assertThat(found.loss(3)).isLessThan(found.loss(0));
  }

  @Test
  void end_isWhatTheAdapterScores() {
    List<Trajectory> found = measure("store").samples();

    List<ScoreReport.Item> items =
        ScoreReport.of(
                model,
                model.with(run.resolve("adapter")),
                DataSpec.of(data),
                new ScoreReport.Cut(OptionalInt.empty(), OptionalInt.empty()),
                Progress.none())
            .items();
    for (int i = 0; i < ROWS; i++) {
      ScoreReport.Item item = items.get(i);
      assertThat(found.get(i).id()).isEqualTo(item.id());
      assertThat(found.get(i).labels()).isEqualTo(item.tokens());
      assertThat(found.get(i).states().getLast().loss())
          .isEqualTo(-item.logprob() / item.tokens(), within(1e-5));
      assertThat(found.get(i).right(3)).isEqualTo(item.greedy());
    }
  }

  @Test
  void lastCheckpoint_scoresAsTheProduct() throws IOException {
    SampleTrajectories finished = measure("store");
    Files.delete(run.resolve("result.json")); // now the end is the newest checkpoint

    SampleTrajectories unfinished = measure("another store");

    assertThat(unfinished.states()).isEqualTo(finished.states());
    assertThat(unfinished.samples()).isEqualTo(finished.samples());
  }

  @Test
  void killedMeasurement_measuredAgain_isTheSame() {
    SampleTrajectories whole = measure("store");

    assertThatThrownBy(
            () ->
                measure(
                    "killed",
                    point -> {
                      if (point.task().equals("samples, step 4") && point.done() == 64) {
                        throw new IllegalStateException("killed");
                      }
                    }))
        .hasMessage("killed");
    int[] scored = {0};
    SampleTrajectories again =
        measure(
            "killed",
            point -> scored[0] += point.done() < point.total() && point.done() > 0 ? 1 : 0);

    assertThat(SamplesJson.of(again)).isEqualTo(SamplesJson.of(whole));
    assertThat(again.samples()).isEqualTo(whole.samples());
    assertThat(scored[0])
        .as("chunks that were not the last: step 4's 64, then the end's")
        .isEqualTo(2);
  }

  @Test
  void heldOutRows_areNoTrainingSamples() {
    run = folder.resolve("fraction");
    TinyRun.train(model, data, 0.2, TinyRun.LORA, run);

    assertThat(measure("store").samples()).hasSize(ROWS - ROWS / 5);
  }

  @Test
  void texts_overSeveralWindows_areOneSampleEach() throws IOException {
    Path texts = folder.resolve("texts.jsonl");
    Files.writeString(
        texts, "{\"id\": \"t\", \"text\": \"%s\"}\n".formatted("one two ".repeat(300)));
    run = folder.resolve("texts");
    TinyRun.train(model, texts, 0, TinyRun.LORA, run);

    List<Trajectory> found = measure("store").samples();

    int tokens = model.tokenizer().encodeDocument("one two ".repeat(300)).length;
    assertThat(found).extracting(Trajectory::id).containsExactly("t");
    assertThat(found.getFirst().labels()).isEqualTo(tokens - 1).isGreaterThan(100);
  }

  @Test
  void runWithoutAnyCheckpoint_hasBaseAndEnd() {
    Checkpoints.remove(run);

    assertThat(measure("store").states()).extracting(RunState::name).containsExactly("base", "end");
  }

  @Test
  void changedData_isRefused() throws IOException {
    Files.writeString(data, Files.readString(data).replace("\"69\"", "\"96\""));

    assertThatThrownBy(() -> measure("store"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("data.jsonl is not what the run began with");
  }

  @Test
  void unfinishedRunWithoutCheckpoint_isRefused() throws IOException {
    Checkpoints.remove(run);
    Files.delete(run.resolve("result.json"));

    assertThatThrownBy(() -> measure("store"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("not finished, and no checkpoint");
  }
}
