package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Merged weights against PEFT and NumPy (reference/merges.py). */
class MergeReferenceTest {
  private static final JsonNode MERGES = Reference.json("merges");
  private static final String PLAIN = Reference.adapter("plain").toString();
  private static final String SECOND = Reference.adapter("second").toString();

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "second",
        "patterns",
        "rslora",
        "one-layer",
        "dora",
        "qwen2-dora",
        "qwen3-plain",
        "gemma3-plain",
        "mistral-plain",
        "tokens",
        "tokens-both",
        "saved-embedding",
        "embedding",
        "tokens-tied",
        "gemma3-tokens",
        "saved-ensured"
      })
  void linear_ofOneAdapter_isPeftsMerge(String name) {
    JsonNode expected = Reference.named(MERGES.get("alone"), name);
    Weighted adapter = new Weighted(Reference.adapter(name).toString(), 1);
    Merged merged =
        merge(
            expected.get("checkpoint").asString(), List.of(adapter), MergeMethod.of(new Linear()));

    assertThat(merged.modules()).isEqualTo(expected.get("probes").size());
    assertThat(merged.realisedDelta()).isCloseTo(1, within(1e-5));
    assertThat(merged.keptEnergy()).isEqualTo(1);
    assertProbes(expected);
  }

  @Test
  void linear_ofTwo_isTheSumOfTheirDeltas() {
    merge(
        "llama",
        List.of(new Weighted(PLAIN, 0.7), new Weighted(SECOND, -0.4)),
        MergeMethod.of(new Linear()));

    assertProbes(Reference.named(MERGES.get("several"), "sum"));
  }

  @Test
  void svd_ofTwo_isTheBestOfItsRank() {
    JsonNode expected = Reference.named(MERGES.get("several"), "svd");
    Merged merged =
        merge(
            "llama",
            List.of(new Weighted(PLAIN, 0.7), new Weighted(SECOND, -0.4)),
            MergeMethod.svd(3));

    assertThat(merged.keptEnergy()).isCloseTo(expected.get("kept_energy").asDouble(), within(1e-6));
    assertProbes(expected);
  }

  @Test
  void ties_ofTwo_isThePapers() {
    merge(
        "llama",
        List.of(new Weighted(PLAIN, 1), new Weighted(SECOND, 0.5)),
        MergeMethod.of(new Ties(0.3, 0.9)));

    assertProbes(Reference.named(MERGES.get("several"), "ties"));
  }

  @Test
  void slerp_toOne_isOnTheArc() {
    merge("llama", List.of(new Weighted(PLAIN, 1)), MergeMethod.of(new Slerp(0.3)));

    assertProbes(Reference.named(MERGES.get("several"), "slerp"));
  }

  private Merged merge(String checkpoint, List<Weighted> adapters, MergeMethod method) {
    return new MergeJob(checkpoint, adapters, List.of(), false, method)
        .run(
            folder.resolve("out"),
            new MergeJob.Form.Model(Optional.of(DType.F32)),
            Reference::checkpoint,
            Progress.none());
  }

  /** W v with v = cos(0, 1, 2, …), relative to its largest element. */
  private void assertProbes(JsonNode expected) {
    try (Scope _ = Scope.open();
        Checkpoint merged = Checkpoint.open(folder.resolve("out"))) {
      assertThat(expected.get("probes").size()).isGreaterThan(1);
      for (Map.Entry<String, JsonNode> probe : expected.get("probes").properties()) {
        Tensor weight = merged.weights().read(probe.getKey(), DType.F64);
        double[] cosines = new double[(int) weight.size(1)];
        for (int i = 0; i < cosines.length; i++) {
          cosines[i] = Math.cos(i);
        }
        double[] found = weight.matmul(Tensor.of(cosines, cosines.length, 1)).doubles();
        double largest = 0;
        for (JsonNode value : probe.getValue()) {
          largest = Math.max(largest, Math.abs(value.asDouble()));
        }
        assertThat(found).hasSize(probe.getValue().size());
        for (int i = 0; i < found.length; i++) {
          assertThat(found[i])
              .as("%s row %d", probe.getKey(), i)
              .isCloseTo(probe.getValue().get(i).asDouble(), within(1e-6 * largest));
        }
      }
    }
  }
}
