package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Logits of the tiny checkpoints against transformers (reference/checkpoints.py). */
class DecoderReferenceTest {
  private static final JsonNode CHECKPOINTS = Reference.json("checkpoints").get("checkpoints");
  private static final JsonNode MIXTURES = Reference.json("mixture").get("checkpoints");

  @Test
  void names_areTheCheckpointsOfTheReference() {
    assertThat(Reference.names(CHECKPOINTS))
        .containsExactly("llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3", "mixtral"})
  void logits_eachSequenceAlone_areTransformers(String name) {
    try (Scope _ = Scope.open();
        Decoder decoder = load(name)) {
      for (JsonNode sequence : of(name).get("sequences")) {
        float[] logits = logits(decoder, Ragged.of(Reference.ints(sequence.get("ids"))));

        assertLogits(decoder, sequence, logits, 0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3", "mixtral"})
  void logits_sequencesEndToEnd_areTransformers(String name) {
    try (Scope _ = Scope.open();
        Decoder decoder = load(name)) {
      JsonNode sequences = of(name).get("sequences");
      List<int[]> ids = new ArrayList<>();
      sequences.forEach(sequence -> ids.add(Reference.ints(sequence.get("ids"))));

      float[] logits = logits(decoder, Ragged.of(ids));

      int start = 0;
      for (JsonNode sequence : sequences) {
        assertLogits(decoder, sequence, logits, start);
        start += sequence.get("ids").size();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3", "mixtral"})
  void logits_oneSequenceCutIntoContinuedSegments_areTransformers(String name) {
    try (Scope _ = Scope.open();
        Decoder decoder = load(name)) {
      JsonNode longest = of(name).get("sequences").get(2);
      int[] ids = Reference.ints(longest.get("ids"));
      Ragged.Builder builder = new Ragged.Builder();
      int first = builder.add(Arrays.copyOf(ids, 12));
      int second = builder.add(Arrays.copyOfRange(ids, 12, 36), first);
      builder.add(Arrays.copyOfRange(ids, 36, 70), second);

      assertLogits(decoder, longest, logits(decoder, builder.build()), 0);
    }
  }

  @Test
  void logits_inBf16_areClose() {
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint("llama"));
        Decoder plain = load("llama");
        Decoder rounded =
            Decoder.load(
                checkpoint.config(), checkpoint.weights(), Precision.BF16, Device.best())) {
      int[] ids = Reference.ints(of("llama").get("sequences").get(2).get("ids"));
      float[] expected = logits(plain, Ragged.of(ids));
      float[] found = logits(rounded, Ragged.of(ids));

      double sum = 0;
      for (int i = 0; i < found.length; i++) {
        sum += Math.abs(found[i] - expected[i]);
      }

      assertThat(sum / found.length).isBetween(1e-5, 0.05);
    }
  }

  private static JsonNode of(String name) {
    return Reference.named(name.equals("mixtral") ? MIXTURES : CHECKPOINTS, name);
  }

  private static Decoder load(String name) {
    try (Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint(name))) {
      return Decoder.load(checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.best());
    }
  }

  private static float[] logits(Decoder decoder, Ragged sequences) {
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open()) {
            Tensor hidden = AdaptedDecoder.base(decoder).hidden(sequences);
            return decoder.logits(hidden).floats();
          }
        });
  }

  /** The reference has some rows of a sequence that begins at row {@code start}. */
  private static void assertLogits(Decoder decoder, JsonNode sequence, float[] logits, int start) {
    int vocabulary = decoder.config().vocabulary();
    int[] rows = Reference.ints(sequence.get("rows"));
    assertThat(rows).isNotEmpty();
    for (int i = 0; i < rows.length; i++) {
      float[] expected = Reference.floats(sequence.get("logits").get(i));
      int from = (start + rows[i]) * vocabulary;
      assertThat(Arrays.copyOfRange(logits, from, from + vocabulary))
          .as("%s ids, row %s", sequence.get("ids").size(), rows[i])
          .containsExactly(expected, within(1e-4f));
    }
  }
}
