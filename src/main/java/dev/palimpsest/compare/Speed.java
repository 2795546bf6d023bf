package dev.palimpsest.compare;

import dev.palimpsest.generate.Answer;
import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.Prompt;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;

/**
 * How long an arm takes over an answer, measured on a few prompts each time, cached or not.
 *
 * @param latency seconds from a prompt to its whole answer, one at a time: the median
 * @param secondsPerAnswer with all of them together
 * @param promptTokens of a prompt, on average, with what the arm puts before it
 * @param answerTokens of an answer, on average
 * @param prompts how many
 */
public record Speed(
    double latency,
    double secondsPerAnswer,
    double promptTokens,
    double answerTokens,
    int prompts) {
  /** Prompts that are answered one by one. */
  private static final int ALONE = 4;

  /** Prompts that are answered together, if nothing is said. */
  static final int TOGETHER = 16;

  /**
   * Measures it. All are answered once beforehand, since the program is still warming up.
   *
   * @param prompts at least one
   * @param length of a prompt in tokens, with what the arm puts before it
   */
  static Speed measure(
      Answerer answerer,
      List<Prompt> prompts,
      int maxTokens,
      ToIntFunction<Prompt> length,
      LongSupplier nanoTime) {
    Decoding decoding = Decoding.greedy(maxTokens);
    answerer.answer(prompts, decoding);
    double[] alone = new double[Math.min(ALONE, prompts.size())];
    for (int i = 0; i < alone.length; i++) {
      long start = nanoTime.getAsLong();
      answerer.answer(prompts.subList(i, i + 1), decoding);
      alone[i] = (nanoTime.getAsLong() - start) * 1e-9;
    }
    long start = nanoTime.getAsLong();
    List<Answer> answers = answerer.answer(prompts, decoding);
    double together = (nanoTime.getAsLong() - start) * 1e-9;
    Arrays.sort(alone);
    return new Speed(
        (alone[(alone.length - 1) / 2] + alone[alone.length / 2]) / 2,
        together / prompts.size(),
        prompts.stream().mapToInt(length).average().orElseThrow(),
        answers.stream().mapToInt(answer -> answer.ids().length).average().orElseThrow(),
        prompts.size());
  }
}
