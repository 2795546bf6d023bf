package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.GgufFileType;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is measured is what is written; where a small change goes. */
class QuantiseJobTest {
  private static final Path SMALL = Reference.adapter("plain");

  @TempDir private Path folder;

  private Quantised run(String model, Optional<Path> adapter, GgufFileType type, String out) {
    return new QuantiseJob(model, adapter, true, type)
        .run(
            out.isEmpty() ? Optional.empty() : Optional.of(folder.resolve(out)),
            name -> name.contains("/") ? Path.of(name) : Reference.checkpoint(name),
            Progress.none());
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "Q8_0", "Q4_0", "Q4_1", "Q4_K_M"})
  void run_model_measuresTheFileThatItWrites(GgufFileType type) {
    Quantised quantised = run("llama", Optional.empty(), type, "q.gguf");

    try (Scope _ = Scope.open();
        Checkpoint before = Checkpoint.open(Reference.checkpoint("llama"));
        Checkpoint after = Checkpoint.open(folder.resolve("q.gguf"))) {
      assertThat(quantised.tensors())
          .extracting(QuantisedTensor::name)
          .containsExactlyElementsOf(ModelTensors.shapes(before.config()).keySet());
      for (QuantisedTensor each : quantised.tensors()) {
        var info = Objects.requireNonNull(after.weights().tensors().get(each.name()));
        assertThat(each.type()).as(each.name()).isEqualTo(info.storedType());
        assertThat(each.bytes()).as(each.name()).isEqualTo(info.bytes());
        Tensor was = before.weights().read(each.name(), DType.F64);
        Tensor is = after.weights().read(each.name(), DType.F64);
        assertThat(each.relativeError())
            .as(each.name())
            .isCloseTo(norm(is.minus(was)) / norm(was), within(1e-9));
      }
    }
  }

  @Test
  void run_ofItsOwnType_losesNothing() {
    run("llama", Optional.empty(), GgufFileType.Q4_1, "once.gguf");

    Quantised again =
        run(folder.resolve("once.gguf").toString(), Optional.empty(), GgufFileType.Q4_1, "");

    assertThat(again.relativeError()).isZero();
    assertThat(again.model()).isNull();
  }

  /** The whole change is below the step: rounding back to the grid returns the grid. */
  @Test
  void run_smallChangeOverAQuantisedModel_isLost() {
    run("llama", Optional.empty(), GgufFileType.Q4_1, "once.gguf");
    String grid = folder.resolve("once.gguf").toString();

    Quantised quantised = run(grid, Optional.of(adapter(0.01)), GgufFileType.Q4_1, "apart");

    Survival left = Objects.requireNonNull(quantised.adapter());
    assertThat(left.once()).isEqualTo(left.again());
    assertThat(left.modules())
        // rows of 48 have no whole blocks: F16 keeps what is small
        .filteredOn(each -> !each.name().contains("down_proj"))
        .isNotEmpty()
        .allMatch(each -> each.once().share() < 0.2);
    assertThat(quantised.advice()).isEqualTo(Quantised.Advice.KEEP_APART);
    assertThat(quantised.adapterApart()).isEqualTo(folder.resolve("apart/adapter.gguf").toString());
    assertThat(folder.resolve("apart/model.gguf")).hasSameBinaryContentAs(Path.of(grid));
    assertThat(folder.resolve("apart/adapter.gguf")).exists();
  }

  @Test
  void run_changeOverFineWeights_survivesOnceAndNotAgain() {
    Quantised quantised = run("llama", Optional.of(adapter(0.05)), GgufFileType.Q4_0, "");

    Survival left = Objects.requireNonNull(quantised.adapter());
    assertThat(left.once().share()).isGreaterThan(2 * left.again().share());
    assertThat(left.modules()).allMatch(each -> each.norm() > 0);
  }

  @Test
  void run_largeChange_survivesBoth() {
    Quantised quantised = run("llama", Optional.of(SMALL), GgufFileType.Q8_0, "m.gguf");

    Survival left = Objects.requireNonNull(quantised.adapter());
    assertThat(left.once().share()).isCloseTo(1, within(0.02));
    assertThat(left.again().share()).isCloseTo(1, within(0.02));
    assertThat(quantised.advice()).isEqualTo(Quantised.Advice.MERGE);
    assertThat(quantised.adapterApart()).isNull();
    assertThat(quantised.model()).isEqualTo(folder.resolve("m.gguf").toString());
  }

  @Test
  void run_adapterThatWouldBeLostIntoAFile_isRefused() {
    run("llama", Optional.empty(), GgufFileType.Q4_1, "once.gguf");

    assertThatThrownBy(
            () ->
                run(
                    folder.resolve("once.gguf").toString(),
                    Optional.of(adapter(0.01)),
                    GgufFileType.Q4_1,
                    "lost.gguf"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("give a folder");
    assertThat(folder.resolve("lost.gguf")).doesNotExist();
  }

  /** The plain adapter, scaled. */
  private Path adapter(double weight) {
    Path out = folder.resolve("scaled");
    new MergeJob(
            "llama",
            List.of(new Weighted(SMALL.toString(), weight)),
            List.of(),
            false,
            MergeMethod.of(new Linear()))
        .run(out, new MergeJob.Form.PlainAdapter(), Reference::checkpoint, Progress.none());
    return out;
  }

  private static double norm(Tensor values) {
    return Math.sqrt(values.square().sum().item());
  }
}
