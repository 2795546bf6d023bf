package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Example;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.merge.BlockExpansion;
import dev.palimpsest.merge.ExpertUpcycling;
import dev.palimpsest.merge.GrowJob;
import dev.palimpsest.merge.Growth;
import dev.palimpsest.merge.GrowthRecord;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.TrainedWeights;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Training of the blocks that were added, and of them alone. */
class GrownRunTest {
  private static final Tuner.Watch WATCH =
      new Tuner.Watch(Progress.none(), new Cancellation(), () -> 0);

  @TempDir private Path folder;

  private Path grown(String base, Growth growth) {
    Path out = folder.resolve("grown");
    new GrowJob(base, growth, Optional.of(DType.F32), GrowJob.Check.NONE)
        .run(out, Reference::checkpoint, Progress.none());
    return out;
  }

  @Test
  void product_ofTheNewBlocks_hasTheOldOnesBytes() throws IOException {
    Path base = grown("llama", new BlockExpansion(2));

    assertThat(movedBy(base))
        .isNotEmpty()
        .isEqualTo(names(base, name -> name.matches("model\\.layers\\.[13]\\..*")));
    assertThat(GrowthRecord.selection(folder.resolve("run/model"))).isEqualTo("layers:1,layers:3");
  }

  /** The first expert is the part that was there. */
  @Test
  void product_ofNewExperts_hasTheOldOnesBytes() throws IOException {
    Path base = grown("llama", ExpertUpcycling.of(3, 2, 0, 0));

    assertThat(movedBy(base))
        .isNotEmpty()
        .isEqualTo(
            names(
                base, name -> name.contains("block_sparse_moe") && !name.contains(".experts.0.")));
  }

  /** The tensors whose bytes a run of {@code --train new} changed. */
  private Set<String> movedBy(Path base) throws IOException {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"prompt\": \"2 plus 1\", \"completion\": \"3\"}\n".repeat(6));
    Path run = folder.resolve("run");
    try (LanguageModel model = LanguageModel.load(base, Precision.FP32, Device.CPU)) {
      job(base, data).run(model, run, WATCH);
    }
    try (Checkpoint before = Checkpoint.open(base);
        Checkpoint after = Checkpoint.open(run.resolve("model"))) {
      return names(
          base, name -> after.weights().stored(name).mismatch(before.weights().stored(name)) >= 0);
    }
  }

  private static Set<String> names(Path model, Predicate<String> which) {
    try (Checkpoint stored = Checkpoint.open(model)) {
      return stored.weights().tensors().keySet().stream()
          .filter(which)
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /**
   * At the first step what silences a block moves, and nothing behind it: the projections that are
   * zero, or in Gemma the gains that are.
   */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "gemma3"})
  void firstGradient_ofTheNewBlocks_isWhereTheyAreSilent(String name) {
    int layers = name.equals("llama") ? 2 : 7;
    JsonNode batch =
        name.equals("llama")
            ? Reference.json("training").get("batch")
            : Reference.named(Reference.json("full").get("gradients"), name).get("batch");
    List<Example> examples = TrainingReferenceTest.examples(batch);
    Path grown = grown(name, new BlockExpansion(layers));
    try (Scope _ = Scope.open();
        Checkpoint stored = Checkpoint.open(grown);
        Decoder base = Decoder.load(stored.config(), stored.weights(), Precision.FP32, Device.CPU);
        TrainedWeights weights =
            new TrainedWeights(
                base,
                stored.weights(),
                new Selection(GrowthRecord.selection(grown)).of(stored.config()));
        TrainedModel trained = new TrainedModel(stored, weights)) {
      new CrossEntropy().backward(trained.decoder(), examples, 1);

      Set<String> moved = new TreeSet<>();
      for (FlatView slot : weights.slots().values()) {
        if (slot.in(weights.gradient()).abs().sum().item() > 0) {
          moved.add(slot.name().replaceFirst("model\\.layers\\.\\d+\\.", ""));
        }
      }
      assertThat(weights.slots()).hasSize(layers * (name.equals("llama") ? 9 : 13));
      assertThat(moved)
          .containsExactlyElementsOf(
              name.equals("llama")
                  ? List.of("mlp.down_proj.weight", "self_attn.o_proj.weight")
                  : List.of(
                      "post_attention_layernorm.weight", "post_feedforward_layernorm.weight"));
    }
  }

  private static TuneJob job(Path base, Path data) {
    return new TuneJob(
        base.toString(),
        DataSpec.of(data),
        Optional.empty(),
        0,
        Optional.empty(),
        Full.of(Full.FREEZE, Optional.of(GrowthRecord.selection(base))),
        new TuneSettings(
            3,
            1,
            1e-2,
            Schedule.LINEAR,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.of(3), 1),
            new TuneSettings.Saving(2, 0, 0),
            1),
        Precision.FP32,
        1);
  }
}
