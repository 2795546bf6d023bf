package dev.palimpsest.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.data.Example;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Writing and scoring with virtual tokens before every sequence (reference/prompts.py). */
class PromptedTest {
  private static final JsonNode CASES = Reference.json("prompts").get("cases");

  @ParameterizedTest
  @MethodSource("dev.palimpsest.PromptCases#names")
  void write_greedy_isPeftsGenerate(String name) {
    JsonNode greedy = Reference.named(CASES, name).get("greedy");
    int[] expected = Reference.ints(greedy.get("ids"));
    over(
        name,
        over ->
            assertThat(
                    write(over, List.of(Reference.ints(greedy.get("prompt"))), expected.length)
                        .getFirst()
                        .ids())
                .containsExactly(expected));
  }

  /** More sequences than slots: a slot that waited, or served before, still has its prefix. */
  @ParameterizedTest
  @ValueSource(strings = {"prompt", "prefix", "gemma3-prefix"})
  void write_anyNumberTogether_givesTheSameTokens(String name) {
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < 21; i++) {
      int[] prompt = new int[1 + 3 * (i % 7)];
      Arrays.setAll(prompt, j -> 20 + (31 * prompt.length + 17 * j) % 70);
      prompts.add(prompt);
    }
    over(
        name,
        over -> {
          List<Generator.Written> together = write(over, prompts, 9);
          for (int i = 0; i < prompts.size(); i += 4) {
            assertThat(together.get(i).ids())
                .as("%s", i)
                .containsExactly(write(over, List.of(prompts.get(i)), 9).getFirst().ids());
          }
        });
  }

  @Test
  void write_toTheEndOfTheContext_countsVirtualTokens() {
    over(
        "prompt",
        over -> {
          int context = over.config().context();
          Generator.Written written =
              write(over, List.of(new int[] {5, 80, 17}), 1 << 20).getFirst();

          assertThat(written.finish()).isEqualTo(FinishReason.LENGTH);
          assertThat(5 + 3 + written.ids().length).isEqualTo(context);
        });
  }

  /** With a common beginning, which the scorer computes once, and without. */
  @ParameterizedTest
  @ValueSource(strings = {"prompt", "prefix", "gemma3-prompt", "gemma3-prefix"})
  void score_together_isScoreOfEach(String name) {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int[] ids = new int[14 + 2 * i];
      int last = i;
      Arrays.setAll(ids, j -> 20 + (j < 10 ? 17 * j : 13 * j + 29 * last) % 70);
      boolean[] label = new boolean[ids.length];
      Arrays.fill(label, 11, ids.length, true);
      examples.add(new Example("e" + i, ids, label));
    }
    over(
        name,
        over -> {
          Scorer scorer = new Scorer(over, Progress.none());
          List<Scorer.Scores> together = scorer.score(examples);
          for (int i = 0; i < examples.size(); i++) {
            assertThat(together.get(i).logprobs())
                .containsExactly(
                    scorer.score(List.of(examples.get(i))).getFirst().logprobs(), within(1e-4f));
          }
        });
  }

  private static void over(String name, Consumer<AdaptedDecoder> check) {
    String checkpoint = Reference.named(CASES, name).get("checkpoint").asString();
    try (Scope _ = Scope.open();
        Decoder decoder = GeneratorTest.load(Reference.checkpoint(checkpoint), Precision.FP32)) {
      check.accept(PeftFolder.open(Reference.adapter(name), decoder.config()).over(decoder));
    }
  }

  private static List<Generator.Written> write(
      AdaptedDecoder over, List<int[]> prompts, int tokens) {
    return new Generator(over, Set.of(), Progress.none())
        .write(
            prompts.stream()
                .map(ids -> new Generator.Request(ids, tokens, Sampler.GREEDY, _ -> false))
                .toList());
  }
}
