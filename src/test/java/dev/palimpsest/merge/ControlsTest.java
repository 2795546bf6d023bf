package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.inspect.InspectJob;
import dev.palimpsest.inspect.Inspection;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Sources;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The intervention and what it is held against. */
class ControlsTest {
  private static final double SCALE = 0.25;

  @TempDir private Path folder;

  private Inspection write(String adapter) {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"));
        Sources sources = new Sources(base)) {
      sources.adapter(Reference.adapter(adapter), 1, false);
      try (InspectJob.Result result =
          new InspectJob(10, 0.5, 2).run(base, sources.all().getFirst(), Progress.none())) {
        new Controls(SCALE, 1)
            .write(
                folder.resolve("five"),
                base.config(),
                sources.all().getFirst(),
                result.intruders(),
                new Controls.Base("llama", base.fingerprint()));
        return result.inspection();
      }
    }
  }

  private static Tensor change(Map<String, Factors> adapter, String module, Tensor before) {
    return Objects.requireNonNull(adapter.get(module), module).change(before, 0);
  }

  private static double norm(Tensor tensor) {
    return Math.sqrt(tensor.square().sum().item());
  }

  @Test
  void write_five_areWhatTheyAreCalled() {
    Inspection inspection = write("plain");
    assertThat(inspection.intruders()).isGreaterThan(5);
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      Adapter own = PeftFolder.read(Reference.adapter("plain"), base.config());
      Map<String, Factors> untouched = read("untouched", base);
      Map<String, Factors> intruders = read("intruders", base);
      Map<String, Factors> shrunk = read("shrunk", base);
      Map<String, Factors> random = read("random", base);
      Map<String, Factors> resized = read("resized", base);
      for (var module : inspection.modules()) {
        String name = module.name();
        Tensor before = base.weights().read(name + ".weight", DType.F64);
        Tensor change = change(own.factors(), name, before);
        double size = norm(change);
        assertThat(norm(change(untouched, name, before).minus(change))).isLessThan(1e-5 * size);
        Tensor less = change(intruders, name, before);
        double removed = 0;
        for (var direction : module.directions()) {
          removed += direction.intruder() ? Math.pow((1 - SCALE) * direction.value(), 2) : 0;
        }
        assertThat(norm(change.minus(less))).isCloseTo(Math.sqrt(removed), within(1e-4 * size));
        double ratio = norm(less) / size;
        assertThat(norm(change(shrunk, name, before).minus(change.times(ratio))))
            .isLessThan(1e-5 * size);
        assertThat(norm(change(resized, name, before).minus(less.times(1 / ratio))))
            .isLessThan(1e-5 * size);
        if (module.intruders() > 0) {
          assertThat(norm(change(random, name, before))).isLessThan(size);
        }
      }
    }
  }

  @Test
  void merge_intruders_isTheBaseWithThemScaled() {
    write("plain");
    Path merged = folder.resolve("merged");
    InspectJob inspection = new InspectJob(10, 0.5, 1);
    new MergeJob(
            "llama",
            List.of(new Weighted(Reference.adapter("plain").toString(), 1)),
            List.of(),
            false,
            MergeMethod.of(new Intruders(SCALE, inspection::intruders)))
        .run(
            merged,
            new MergeJob.Form.Model(Optional.empty()),
            _ -> Reference.checkpoint("llama"),
            Progress.none());
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"));
        Checkpoint made = Checkpoint.open(merged)) {
      read("intruders", base)
          .forEach(
              (module, factors) -> {
                Tensor before = base.weights().read(module + ".weight", DType.F64);
                Tensor change = factors.change(before, 0);
                Tensor after = made.weights().read(module + ".weight", DType.F64);
                assertThat(norm(after.minus(before).minus(change))).isLessThan(1e-5 * norm(change));
              });
    }
  }

  private Map<String, Factors> read(String name, Checkpoint base) {
    return PeftFolder.read(folder.resolve("five").resolve(name), base.config()).factors();
  }

  @Test
  void write_dora_isRefused() {
    assertThatThrownBy(() -> write("dora"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("neither a whole model nor DoRA");
    assertThat(folder.resolve("five")).doesNotExist();
  }
}
