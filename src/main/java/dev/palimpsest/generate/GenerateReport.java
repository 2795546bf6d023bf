package dev.palimpsest.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Answers to prompts with names.
 *
 * @param tokensPerSecond of the answers, over all of them
 */
public record GenerateReport(List<Item> items, double tokensPerSecond) {
  /**
   * One answer.
   *
   * @param tokens without the end token
   * @param finishReason stop or length
   */
  public record Item(String id, String text, int tokens, String finishReason) {}

  /** Asks for all answers, and takes the time. */
  public static GenerateReport of(
      Answerer answerer, List<String> ids, List<Prompt> prompts, Decoding decoding) {
    long start = System.nanoTime();
    List<Answer> answers = answerer.answer(prompts, decoding);
    double seconds = (System.nanoTime() - start) / 1e9;
    List<Item> items = new ArrayList<>(answers.size());
    long tokens = 0;
    for (int i = 0; i < answers.size(); i++) {
      Answer answer = answers.get(i);
      String finish = answer.finish().name().toLowerCase(Locale.ROOT);
      items.add(new Item(ids.get(i), answer.text(), answer.ids().length, finish));
      tokens += answer.ids().length;
    }
    return new GenerateReport(items, tokens / seconds);
  }
}
