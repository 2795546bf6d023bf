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
import dev.palimpsest.model.Source;
import dev.palimpsest.model.Sources;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Svd;
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
    return write(adapter, 0.5);
  }

  private Inspection write(String adapter, double epsilon) {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"));
        Sources sources = new Sources(base)) {
      sources.adapter(Reference.adapter(adapter), 1, false);
      try (InspectJob.Result result =
          new InspectJob(10, epsilon, 2).run(base, sources.all().getFirst(), Progress.none())) {
        new Controls(SCALE, 1)
            .write(
                folder.resolve("five"),
                new Controls.Base("llama", base.fingerprint(), base),
                sources.all().getFirst(),
                result.intruders(),
                Progress.none());
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

  /** The five of the adapter merged are the five adapters' changes, where those are no draws. */
  @Test
  void write_ofATunedModel_areModels() {
    write("plain");
    Path tuned = folder.resolve("tuned");
    new MergeJob(
            "llama",
            List.of(new Weighted(Reference.adapter("plain").toString(), 1)),
            List.of(),
            false,
            MergeMethod.of(new Linear()))
        .run(
            tuned,
            new MergeJob.Form.Model(Optional.empty()),
            _ -> Reference.checkpoint("llama"),
            Progress.none());
    Path models = folder.resolve("models");
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"));
        Sources sources = new Sources(base)) {
      sources.tuned("tuned", 1, tuned);
      Source source = sources.all().getFirst();
      try (InspectJob.Result result =
          new InspectJob(10, 0.5, 2).run(base, source, Progress.none())) {
        new Controls(SCALE, 1)
            .write(
                models,
                new Controls.Base("llama", base.fingerprint(), base),
                source,
                result.intruders(),
                Progress.none());
        for (String control : List.of("untouched", "intruders", "shrunk", "resized")) {
          assertSameChange(models.resolve(control), control, base);
        }
        assertRandom(models.resolve("random"), base, source, result);
      }
    }
    try (Checkpoint own = Checkpoint.open(tuned);
        Checkpoint untouched = Checkpoint.open(models.resolve("untouched"))) {
      assertThat(untouched.fingerprint()).isEqualTo(own.fingerprint());
    }
    for (String control : List.of("untouched", "intruders", "shrunk", "resized")) {
      assertThat(norm(models, "models", control))
          .isCloseTo(norm(folder.resolve("five"), "adapters", control), within(1e-4));
    }
  }

  private static double norm(Path out, String what, String control) {
    return Json.read(out.resolve("controls.json")).get(what).get(control).get("norm").asDouble();
  }

  private void assertSameChange(Path model, String control, Checkpoint base) {
    try (Scope _ = Scope.open();
        Checkpoint made = Checkpoint.open(model)) {
      read(control, base)
          .forEach(
              (module, factors) -> {
                Tensor before = base.weights().read(module + ".weight", DType.F64);
                Tensor change = factors.change(before, 0);
                Tensor after = made.weights().read(module + ".weight", DType.F64);
                assertThat(norm(after.minus(before).minus(change)))
                    .as(control + " " + module)
                    .isLessThan(1e-5 * norm(change));
              });
    }
  }

  /** As many singular values of the change as there are intruders are scaled, and no vector. */
  private static void assertRandom(
      Path model, Checkpoint base, Source source, InspectJob.Result result) {
    try (Scope _ = Scope.open();
        Checkpoint made = Checkpoint.open(model)) {
      result
          .intruders()
          .forEach(
              (module, part) -> {
                String tensor = module + ".weight";
                Tensor before = base.weights().read(tensor, DType.F64);
                Svd own = Svd.of(source.change(tensor, before, 0));
                Tensor after = made.weights().read(tensor, DType.F64).minus(before);
                Tensor core = own.u().transpose(0, 1).matmul(after);
                double[] values = own.s().doubles();
                double[] sizes = core.square().sum(1).sqrt().doubles();
                int scaled = 0;
                for (int i = 0; i < values.length; i++) {
                  boolean kept = Math.abs(sizes[i] - values[i]) < 1e-5 * values[0];
                  assertThat(kept || Math.abs(sizes[i] - SCALE * values[i]) < 1e-5 * values[0])
                      .isTrue();
                  scaled += kept ? 0 : 1;
                }
                assertThat(scaled).isBetween(1, part.rank());
              });
    }
  }

  private Map<String, Factors> read(String name, Checkpoint base) {
    return PeftFolder.read(folder.resolve("five").resolve(name), base.config()).factors();
  }

  @Test
  void write_noIntruder_isRefused() {
    assertThatThrownBy(() -> write("plain", 1e-6))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(
            "has no intruder dimension, so all five would be its change as it is");
    assertThat(folder.resolve("five")).doesNotExist();
  }

  @Test
  void write_dora_isRefused() {
    assertThatThrownBy(() -> write("dora"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("give --tuned");
    assertThat(folder.resolve("five")).doesNotExist();
  }
}
