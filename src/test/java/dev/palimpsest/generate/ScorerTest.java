package dev.palimpsest.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.RealModel;
import dev.palimpsest.Reference;
import dev.palimpsest.data.Example;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Log-probabilities against transformers (reference/logprobs.py), and against themselves. */
class ScorerTest {
  private static final JsonNode LOGPROBS = Reference.json("logprobs");

  @Test
  void score_defaultModel_isTransformers() {
    List<Example> examples = reference();
    try (Scope _ = Scope.open();
        Decoder decoder = GeneratorTest.load(RealModel.gguf(), Precision.FP32)) {
      List<Scorer.Scores> scores = score(decoder, examples);

      assertThat(scores).hasSize(20);
      for (int i = 0; i < scores.size(); i++) {
        assertThat(scores.get(i).logprobs())
            .as(examples.get(i).id())
            .containsExactly(Reference.floats(item(i).get("logprobs")), within(1e-4f));
        assertThat(scores.get(i).logprob())
            .isCloseTo(
                item(i).get("sum").asDouble(), within(3.2e-5 * scores.get(i).logprobs().length));
      }
      for (int i = 0; i < LOGPROBS.get("pairs").size(); i++) {
        assertThat(scores.get(LOGPROBS.get("texts").size() + i).greedy())
            .isEqualTo(LOGPROBS.get("pairs").get(i).get("greedy").asBoolean());
      }
    }
  }

  @Test
  void score_defaultModelInBf16_isClose() {
    List<Example> examples = reference();
    try (Scope _ = Scope.open();
        Decoder decoder = GeneratorTest.load(RealModel.gguf(), Precision.BF16)) {
      double difference = 0;
      int tokens = 0;
      List<Scorer.Scores> scores = score(decoder, examples);
      for (int i = 0; i < scores.size(); i++) {
        float[] expected = Reference.floats(item(i).get("logprobs"));
        for (int j = 0; j < expected.length; j++) {
          difference += Math.abs(scores.get(i).logprobs()[j] - expected[j]);
          tokens++;
        }
      }

      assertThat(difference / tokens).isBetween(1e-4, 0.06);
    }
  }

  private static JsonNode item(int index) {
    int texts = LOGPROBS.get("texts").size();
    return index < texts
        ? LOGPROBS.get("texts").get(index)
        : LOGPROBS.get("pairs").get(index - texts);
  }

  private static List<Example> reference() {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < LOGPROBS.get("texts").size() + LOGPROBS.get("pairs").size(); i++) {
      int[] ids = Reference.ints(item(i).get("ids"));
      examples.add(example(ids, item(i).path("label_start").asInt(1)));
    }
    return examples;
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral", "gemma3"})
  void score_neighboursWithOnePrompt_areScoredAsAlone(String name) {
    int[] prompt = {5, 80, 17, 3, 44, 29, 101, 7, 123, 64, 12};
    List<Example> examples = new ArrayList<>();
    for (int[] choice : new int[][] {{9}, {9, 70}, {33, 8, 120, 15, 2}, {}, {71}}) {
      int[] ids = Arrays.copyOf(prompt, prompt.length + choice.length);
      System.arraycopy(choice, 0, ids, prompt.length, choice.length);
      examples.add(example(ids, choice.length == 0 ? 5 : prompt.length));
    }
    examples.add(scattered(new int[] {5, 80, 17, 3, 44, 100, 11, 9}, 2, 5, 7));
    examples.add(scattered(new int[] {5, 80, 17, 3, 44, 99, 11, 8}, 2, 6));
    try (Scope _ = Scope.open();
        Decoder decoder = GeneratorTest.load(Reference.checkpoint(name), Precision.FP32)) {
      List<Scorer.Scores> together = score(decoder, examples);

      for (int i = 0; i < examples.size(); i++) {
        Scorer.Scores alone = score(decoder, List.of(examples.get(i))).getFirst();
        assertThat(together.get(i).logprobs())
            .as("example %s", i)
            .hasSize(examples.get(i).labels())
            .containsExactly(alone.logprobs(), within(1e-5f));
        assertThat(together.get(i).top()).containsExactly(alone.top());
      }
    }
  }

  @Test
  void score_identicalNeighbours_areScoredAlike() {
    Example example = example(new int[] {5, 80, 17, 3, 44}, 3);
    try (Scope _ = Scope.open();
        Decoder decoder = GeneratorTest.load(Reference.checkpoint("llama"), Precision.FP32)) {
      List<Scorer.Scores> scores = score(decoder, List.of(example, example));

      assertThat(scores.get(1).logprobs()).hasSize(2).containsExactly(scores.get(0).logprobs());
    }
  }

  /** Passes side by side, a rest of them, and one text that is a pass by itself. */
  @Test
  void score_manyPasses_giveEachExampleItsOwnScores() {
    Random random = new Random(3);
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      int length = i == 40 ? Scorer.ROWS + 20 : 20 + random.nextInt(40);
      examples.add(example(random.ints(length, 1, 120).toArray(), length - 3));
    }
    try (Scope _ = Scope.open();
        Decoder decoder = GeneratorTest.load(Reference.checkpoint("llama"), Precision.FP32)) {
      List<Scorer.Scores> together = score(decoder, examples);

      assertThat(together).hasSize(60);
      for (int i = 0; i < examples.size(); i++) {
        assertThat(together.get(i).logprobs())
            .as("example %s", i)
            .containsExactly(
                score(decoder, List.of(examples.get(i))).getFirst().logprobs(), within(1e-5f));
      }
      assertThat(together).usingRecursiveComparison().isEqualTo(score(decoder, examples));
    }
  }

  private static List<Scorer.Scores> score(Decoder decoder, List<Example> examples) {
    return new Scorer(AdaptedDecoder.base(decoder), Progress.none()).score(examples);
  }

  private static Example example(int[] ids, int labelStart) {
    boolean[] label = new boolean[ids.length];
    Arrays.fill(label, labelStart, ids.length, true);
    return new Example(ids.length + " ids", ids, label);
  }

  private static Example scattered(int[] ids, int... labels) {
    boolean[] label = new boolean[ids.length];
    for (int at : labels) {
      label[at] = true;
    }
    return new Example("scattered", ids, label);
  }
}
