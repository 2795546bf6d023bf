package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.ModuleInputs;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.TensorChange;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is merged can be taken out again, and what is cut is what the singular values say. */
class ExtractJobTest {
  private static final MergeJob.Models MODELS =
      name -> name.contains("/") ? Path.of(name) : Reference.checkpoint(name);

  @TempDir private Path folder;
  private Path tuned = Path.of("");

  @BeforeEach
  void merge() {
    tuned = folder.resolve("tuned");
    new MergeJob(
            "llama",
            List.of(
                new Weighted(Reference.adapter("plain").toString(), 1),
                new Weighted(Reference.adapter("second").toString(), 1)),
            List.of(),
            false,
            MergeMethod.of(new Linear()))
        .run(tuned, new MergeJob.Form.Model(Optional.empty()), MODELS, Progress.none());
  }

  private Extracted extract(RankRule rule) {
    return extract(rule, Optional.empty());
  }

  private Extracted extract(RankRule rule, Optional<InputMoments> inputs) {
    return new ExtractJob("llama", tuned.toString(), rule, ExtractJob.Extent.BLOCKS)
        .run(folder.resolve("adapter"), MODELS, inputs, Progress.none());
  }

  /** The change that is in the tuned model less that of the adapter, over the former. */
  private double error(String module) {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"));
        Checkpoint after = Checkpoint.open(tuned)) {
      Adapter adapter = PeftFolder.read(folder.resolve("adapter"), base.config());
      Tensor before = base.weights().read(module + ".weight", DType.F64);
      Tensor change = after.weights().read(module + ".weight", DType.F64).minus(before);
      Tensor found =
          Objects.requireNonNull(adapter.factors().get(module), module).change(before, 0);
      return Math.sqrt(change.minus(found).square().sum().item() / change.square().sum().item());
    }
  }

  @Test
  void rankOfTheSum_givesTheChangeBack() {
    Extracted extracted = extract(new RankRule.Fixed(7)); // 4 and 3

    assertThat(extracted.rank()).isEqualTo(7);
    assertThat(extracted.notCaptured()).isEmpty();
    assertThat(extracted.modules()).hasSize(14);
    assertThat(extracted.relativeError()).isLessThan(1e-6);
    extracted.modules().forEach(each -> assertThat(error(each.name())).isLessThan(1e-6));
  }

  @Test
  void lowerRank_missesTheDiscardedValues() {
    Extracted extracted = extract(new RankRule.Fixed(2));

    assertThat(extracted.relativeError()).isBetween(0.1, 0.9);
    for (Extracted.Module each : extracted.modules()) {
      assertThat(each.rank()).isEqualTo(2);
      assertThat(each.relativeError()).isCloseTo(error(each.name()), within(1e-5));
    }
  }

  /** What the change, less an adapter's, does to the base's own inputs, over what it does. */
  private double errorAlong(String module, int[] ids) {
    double[] sums = new double[2];
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"));
        Checkpoint after = Checkpoint.open(tuned);
        Decoder decoder = Decoder.load(base.config(), base.weights(), Precision.FP32, Device.CPU)) {
      Adapter adapter = PeftFolder.read(folder.resolve("adapter"), base.config());
      Tensor before = base.weights().read(module + ".weight", DType.F64);
      Tensor change = after.weights().read(module + ".weight", DType.F64).minus(before);
      Tensor found = Objects.requireNonNull(adapter.factors().get(module)).change(before, 0);
      ModuleInputs.along(
          decoder,
          List.of(ids),
          (read, input) -> {
            if (read.equals(ModelTensors.reading(module))) {
              Tensor x = input.to(DType.F64).transpose(0, 1);
              sums[0] = change.minus(found).matmul(x).square().sum().item();
              sums[1] = change.matmul(x).square().sum().item();
            }
          });
    }
    return Math.sqrt(sums[0] / sums[1]);
  }

  @Test
  void inputs_weighWhatIsMissed() {
    int[] ids = IntStream.range(0, 60).map(i -> 3 + i * 7 % 50).toArray();
    Extracted plain = extract(new RankRule.Fixed(2));
    List<Double> plainErrors =
        plain.modules().stream().map(each -> errorAlong(each.name(), ids)).toList();
    folder = folder.resolve("weighed");
    Extracted weighed;
    try (Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"));
        Decoder decoder = Decoder.load(base.config(), base.weights(), Precision.FP32, Device.CPU);
        InputMoments inputs = new InputMoments(decoder, List.of(ids), Progress.none())) {
      weighed = extract(new RankRule.Fixed(2), Optional.of(inputs));
    }

    assertThat(plain.weightedError()).isNull();
    assertThat(weighed.weighedTokens()).isEqualTo(60);
    assertThat(weighed.relativeError()).isGreaterThan(plain.relativeError());
    for (int i = 0; i < plainErrors.size(); i++) {
      Extracted.Module each = weighed.modules().get(i);
      assertThat(each.relativeError()).isCloseTo(error(each.name()), within(1e-5));
      assertThat(each.weightedError()).isCloseTo(errorAlong(each.name(), ids), within(1e-4));
      assertThat(each.weightedError()).isLessThan(plainErrors.get(i));
    }
  }

  @Test
  void energy_isKeptByAsFewAsItTakes() {
    Extracted extracted = extract(new RankRule.Energy(0.8));

    assertThat(extracted.modules())
        .allSatisfy(each -> assertThat(each.relativeError()).isLessThanOrEqualTo(Math.sqrt(0.2)));
    assertThat(extracted.modules()).extracting(Extracted.Module::rank).contains(3, 4);
    for (Extracted.Module each : extracted.modules()) {
      assertThat(each.relativeError()).isCloseTo(error(each.name()), within(1e-5));
    }
  }

  /** With as many parameters one budget misses less than one rank for all. */
  @Test
  void budget_missesLessThanOneRank() {
    Extracted fixed = extract(new RankRule.Fixed(2));
    folder = folder.resolve("more");
    Extracted budget = extract(new RankRule.Budget(fixed.parameters()));

    assertThat(budget.parameters()).isLessThanOrEqualTo(fixed.parameters());
    assertThat(budget.relativeError()).isLessThan(fixed.relativeError());
    for (Extracted.Module each : budget.modules()) {
      if (each.rank() > 0) {
        assertThat(each.relativeError()).isCloseTo(error(each.name()), within(1e-5));
      }
    }
  }

  @Test
  void norms_areToldAsNotCaptured() {
    String norm = "model.norm.weight";
    Path other = folder.resolve("other");
    try (Scope _ = Scope.open();
        Checkpoint model = Checkpoint.open(tuned)) {
      other.toFile().mkdir();
      ModelFolder.write(
          other,
          model,
          name ->
              name.equals(norm)
                  ? Optional.of(model.weights().read(name, DType.F32).plusInPlace(0.5))
                  : Optional.empty());
    }
    tuned = other;
    Extracted extracted = extract(new RankRule.Fixed(7));

    assertThat(extracted.notCaptured()).extracting(TensorChange::name).containsExactly(norm);
    assertThat(extracted.notCaptured().getFirst().norm())
        .isCloseTo(0.5 * Math.sqrt(32), within(1e-5));
  }

  /** Layers that the base has not would be passed over, were they not told. */
  @Test
  void moreLayersThanTheBase_areRefused() {
    Path grown = folder.resolve("grown");
    new GrowJob("llama", new BlockExpansion(1), Optional.empty(), GrowJob.Check.NONE)
        .run(grown, MODELS, Progress.none());
    tuned = grown;

    assertThatThrownBy(() -> extract(new RankRule.Fixed(2)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("model.layers.2.self_attn.q_proj.weight is not in the base");
  }

  @Test
  void noDifference_isRefused() {
    tuned = Reference.checkpoint("llama");
    assertThatThrownBy(() -> extract(new RankRule.Fixed(2)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no linear module differs");
    assertThat(folder.resolve("adapter")).doesNotExist();
  }
}
