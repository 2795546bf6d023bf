package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** On a tiny random model, which learns to say yes, then to say no. */
class SequenceTest {
  private static final Path LLAMA = Reference.checkpoint("llama");

  @TempDir private Path folder;
  private Cancellation cancellation = new Cancellation();

  @BeforeEach
  void writeData() throws IOException {
    for (String word : List.of("yes", "no")) {
      StringBuilder rows = new StringBuilder();
      for (int i = 0; i < 12; i++) {
        rows.append("{\"prompt\": \"say %d\", \"completion\": \"%s\"}\n".formatted(i, word));
      }
      Files.writeString(folder.resolve(word + ".jsonl"), rows);
    }
  }

  private SequencePlan plan(SequencePlan.Mode mode, List<List<String>> orders) {
    return new SequencePlan(
        LLAMA.toString(),
        mode,
        List.of(task("yes"), task("no")),
        List.of(),
        false,
        orders,
        List.of(1L),
        4);
  }

  private Path out(SequencePlan.Mode mode) {
    return folder.resolve("out-" + mode);
  }

  private SequencePlan.Task task(String word) {
    Path file = folder.resolve(word + ".jsonl");
    return new SequencePlan.Task(word, file, Map.of("data", file.toString()));
  }

  private SequenceResult run(SequencePlan plan) {
    return run(plan, Progress.none());
  }

  private SequenceResult run(SequencePlan plan, Progress progress) {
    return new Sequence(
            plan,
            new Bakeoff.Settings(
                out(plan.mode()), folder.resolve("store.sqlite"), folder.resolve("cache")),
            new TinyModels(Map.of("steps", "24")),
            new Tuner.Watch(progress, cancellation, System::nanoTime))
        .run();
  }

  @ParameterizedTest
  @EnumSource(SequencePlan.Mode.class)
  void run_twoTasksThatExcludeEachOther_learnsTheSecondAndForgetsTheFirst(SequencePlan.Mode mode)
      throws IOException {
    SequenceResult result = run(plan(mode, List.of(List.of("yes", "no"))));

    SequenceResult.Course course = result.courses().getFirst();
    TaskMatrix matrix = course.matrix();
    assertThat(matrix.base()).containsExactly(0.0, 0.0);
    assertThat(matrix.rates().get(0).get(0)).isGreaterThan(0.9);
    assertThat(matrix.rates().get(1).get(1)).isGreaterThan(0.9);
    assertThat(matrix.rates().get(1).get(0)).isLessThan(0.1);
    SequenceResult.Summary summary = result.summary();
    assertThat(summary.backward().value()).isLessThan(-0.8);
    assertThat(summary.accuracy().value()).isCloseTo(matrix.accuracy(), within(1e-12));
    assertThat(summary.forward().value())
        .isCloseTo(matrix.forwardTransfer().orElseThrow(), within(1e-12));
    assertThat(summary.forgetting().value()).isCloseTo(-summary.backward().value(), within(1e-12));
    for (SequenceResult.Estimate estimate :
        List.of(summary.accuracy(), summary.backward(), summary.forgetting(), summary.forward())) {
      assertThat(estimate.interval().contains(estimate.value())).isTrue();
    }
    assertThat(course.since(1, "yes").orElseThrow().delta())
        .isCloseTo(summary.backward().value(), within(1e-12));
    assertThat(course.since(1, "no")).isEmpty();
    Path second =
        out(mode).resolve(mode == SequencePlan.Mode.FRESH ? "runs/seed1.no" : "runs/seed1.yes.no");
    assertThat(PeftFolder.readConfig(second.resolve("adapter")).rank()).isEqualTo(ranks(mode));
    assertThat(SequenceText.of(result)).contains("yes → no, seed 1", "backward transfer -");
    assertThat(SequenceJson.of(result).at("/courses/0/matrix/1/1").asDouble())
        .isEqualTo(matrix.rates().get(1).get(1));
  }

  private static int ranks(SequencePlan.Mode mode) {
    return switch (mode) {
      case SAME, FRESH -> 4;
      case STACKED, ORTHOGONAL, PROJECTED -> 8;
    };
  }

  /** The second task's rows of A, below the first's, have nothing in common with these. */
  @Test
  void run_projected_keepsTheTasksApart() {
    run(plan(SequencePlan.Mode.PROJECTED, List.of(List.of("yes", "no"))));

    assertThat(overlap(SequencePlan.Mode.PROJECTED)).isLessThan(1e-4);
  }

  @Test
  void run_orthogonal_keepsTheTasksFurtherApartThanStacked() {
    run(plan(SequencePlan.Mode.STACKED, List.of(List.of("yes", "no"))));
    double stacked = overlap(SequencePlan.Mode.STACKED);
    run(plan(SequencePlan.Mode.ORTHOGONAL, List.of(List.of("yes", "no"))));

    assertThat(overlap(SequencePlan.Mode.ORTHOGONAL)).isLessThan(0.5 * stacked);
  }

  /** The largest |A₀Aᵀ| of the second stage's adapter, both in one. */
  private double overlap(SequencePlan.Mode mode) {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(LLAMA)) {
      Adapter both = PeftFolder.read(out(mode).resolve("runs/seed1.yes.no/adapter"), base.config());
      double largest = 0;
      for (Factors factors : both.factors().values()) {
        Tensor first = factors.a().narrow(0, 0, 4);
        Tensor second = factors.a().narrow(0, 4, 4).transpose(0, 1).contiguous();
        for (float entry : first.matmul(second).floats()) {
          largest = Math.max(largest, Math.abs(entry));
        }
      }
      return largest;
    }
  }

  @Test
  void run_stoppedAndAgain_goesOnAndTakesWhatIsDone() throws IOException {
    SequencePlan plan =
        plan(SequencePlan.Mode.SAME, List.of(List.of("yes", "no"), List.of("no", "yes")));
    Progress stopping =
        point -> {
          if (point.task().equals("seed1.yes.no")) {
            cancellation.request();
          }
        };
    assertThatThrownBy(() -> run(plan, stopping)).isInstanceOf(EnvironmentFailure.class);
    Path weights = out(plan.mode()).resolve("runs/seed1.yes/adapter/adapter_model.safetensors");
    FileTime written = Files.getLastModifiedTime(weights);
    cancellation = new Cancellation();

    SequenceResult whole = run(plan);

    assertThat(Files.getLastModifiedTime(weights)).isEqualTo(written);
    assertThat(whole.courses()).hasSize(2);
    assertThat(whole.courses().get(1).order()).containsExactly("no", "yes");
    double mean =
        whole.courses().stream()
            .mapToDouble(course -> course.matrix().backwardTransfer().orElseThrow())
            .average()
            .orElseThrow();
    assertThat(whole.summary().backward().value()).isCloseTo(mean, within(1e-12));
  }
}
