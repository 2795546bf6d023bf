package dev.palimpsest.measure;

import dev.palimpsest.generate.FinishReason;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * How one side answered a probe's questions, right or wrong.
 *
 * @param answers in all
 * @param ended by themselves, before the limit of tokens
 * @param loops that end in endless repetition
 * @param refusals that begin as refusals do, by an English rule
 * @param empty with nothing but spaces
 * @param medianCharacters the middle length
 * @param languages how many are in which language, of those that show one ({@link Language})
 */
public record Behaviour(
    int answers,
    int ended,
    int loops,
    int refusals,
    int empty,
    double medianCharacters,
    SortedMap<String, Integer> languages) {
  /** What helps against endless repetition. */
  public static final String AGAINST_LOOPS =
      "see that answers end with the end-of-turn token in the training data (check), show more"
          + " answers that end where these do not, and decode with a penalty on repetition";

  private static final Pattern REFUSAL =
      Pattern.compile(
          "(?i)^\\W*(?:(?:i['’]?m|i am) (?:(?:very |so )?sorry|afraid|unable|not able)\\b"
              + "|sorry,? (?:but )?i\\b|i (?:cannot|can['’]?t|can not|won['’]?t|will not) "
              + "|as an? (?:ai|artificial intelligence|language model)\\b|unfortunately,? i )");

  /** Copies the map. */
  public Behaviour {
    languages = Collections.unmodifiableSortedMap(new TreeMap<>(languages));
  }

  /**
   * Both sides, on the same items.
   *
   * @param languageChanged answers whose language after is another than before, of those where both
   *     show one
   */
  public record Pair(Behaviour before, Behaviour after, int languageChanged) {}

  static Behaviour of(List<Observation.Answered> answers) {
    SortedMap<String, Integer> languages = new TreeMap<>();
    for (Observation.Answered answer : answers) {
      Language.of(answer.text()).ifPresent(each -> languages.merge(each, 1, Integer::sum));
    }
    return new Behaviour(
        answers.size(),
        (int) answers.stream().filter(a -> a.finish() == FinishReason.STOP).count(),
        (int) answers.stream().filter(Observation.Answered::loop).count(),
        (int) answers.stream().filter(a -> refuses(a.text())).count(),
        (int) answers.stream().filter(a -> a.text().isBlank()).count(),
        median(answers.stream().mapToInt(a -> a.text().codePointCount(0, a.text().length()))),
        languages);
  }

  /** Pairs answers to the same items. */
  static Pair pair(List<Observation.Answered> before, List<Observation.Answered> after) {
    int changed = 0;
    for (int i = 0; i < before.size(); i++) {
      Optional<String> first = Language.of(before.get(i).text());
      Optional<String> second = Language.of(after.get(i).text());
      if (first.isPresent() && second.isPresent() && !first.equals(second)) {
        changed++;
      }
    }
    return new Pair(of(before), of(after), changed);
  }

  static boolean refuses(String text) {
    return REFUSAL.matcher(text).find();
  }

  private static double median(IntStream values) {
    int[] sorted = values.sorted().toArray();
    if (sorted.length == 0) {
      throw new IllegalArgumentException("no answers");
    }
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0;
  }
}
