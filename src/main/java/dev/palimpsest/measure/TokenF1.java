package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * F1 over the words that answer and completion share, as SQuAD 2.0's evaluate script counts it:
 * lower case, ASCII punctuation taken out, then the articles a, an, the; words as multisets; the
 * best of several right answers. {@code {"name": "f1", "least": 0.5, "also": ["another answer"]}}:
 * an answer is right from {@code least} on; its F1 is the score.
 */
record TokenF1(double least, List<String> also) implements Grader {
  private static final Pattern PUNCTUATION = Pattern.compile("[!-/:-@\\[-`{-~]");
  private static final Pattern ARTICLE =
      Pattern.compile("\\b(a|an|the)\\b", Pattern.UNICODE_CHARACTER_CLASS);
  // what Python's str.split() takes for space
  private static final Pattern SPACE =
      Pattern.compile("[\\s\\x1c-\\x1f]+", Pattern.UNICODE_CHARACTER_CLASS);

  static TokenF1 of(Metric metric, String where) {
    metric.allow(where, "least", "also");
    double least = metric.number("least", 0.5, where);
    if (least <= 0 || least > 1) {
      throw new BadInput(where + ": metric f1: least must be above 0 and at most 1");
    }
    return new TokenF1(least, metric.texts("also", where));
  }

  static List<String> words(String text) {
    String bare = PUNCTUATION.matcher(text.toLowerCase(Locale.ROOT)).replaceAll("");
    String without = ARTICLE.matcher(bare).replaceAll(" ");
    return SPACE.splitAsStream(without).filter(word -> !word.isEmpty()).toList();
  }

  static double f1(String completion, String answer) {
    List<String> gold = words(completion);
    List<String> said = words(answer);
    if (gold.isEmpty() || said.isEmpty()) {
      return gold.equals(said) ? 1 : 0;
    }
    Map<String, Integer> left = new HashMap<>();
    gold.forEach(word -> left.merge(word, 1, Integer::sum));
    int same = 0;
    for (String word : said) {
      if (left.merge(word, -1, Integer::sum) >= 0) {
        same++;
      }
    }
    double precision = (double) same / said.size();
    double recall = (double) same / gold.size();
    return same == 0 ? 0 : 2 * precision * recall / (precision + recall);
  }

  @Override
  public Grade grade(ProbeItem.Ask item, String answer) {
    return Grade.of(best(item.completion(), answer), least);
  }

  @Override
  public boolean right(String completion, String answer) {
    return best(completion, answer) >= least;
  }

  private double best(String completion, String answer) {
    double best = f1(completion, answer);
    for (String other : also) {
      best = Math.max(best, f1(other, answer));
    }
    return best;
  }

  @Override
  public void check(String completion) {
    if (words(completion).isEmpty()) {
      throw new IllegalArgumentException(
          "the completion has no word beside articles, so every empty answer would be right");
    }
  }
}
