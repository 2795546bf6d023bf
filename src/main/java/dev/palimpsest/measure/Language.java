package dev.palimpsest.measure;

import java.lang.Character.UnicodeScript;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The language of an answer by a light rule, good enough to see that a model has gone over to
 * another one: the script of most letters; in Latin script the language, of seven, whose commonest
 * function words occur most. Short answers, code and other languages in Latin script stay untold.
 */
final class Language {
  private static final int LEAST_LETTERS = 12;
  private static final int LEAST_WORDS = 5;
  private static final double LEAST_SHARE = 0.15; // of function words; running text has 0.3 to 0.5
  private static final Pattern OUTSIDE_WORDS = Pattern.compile("[^\\p{L}\\p{M}]+");

  private static final Map<String, Set<String>> WORDS =
      new TreeMap<>(
          Map.of(
              "de",
              words("der die das und ist nicht ein eine zu den von mit auf es sich dem im auch"),
              "en",
              words("the of and to is in that it was for you with are as on be this have not"),
              "es",
              words("el los las y es que en un una por con para del se su lo como más"),
              "fr",
              words("le les des et est une dans que qui pour du pas sur au il elle vous avec"),
              "it",
              words("il gli che di è un una per con del della non sono nel si le ma anche"),
              "nl",
              words("de het een en van is dat niet op te zijn met voor aan ook maar wordt er"),
              "pt",
              words("o os as e é que em um uma para com do da não se por mais dos")));

  private Language() {}

  private static Set<String> words(String list) {
    return Set.of(list.split(" ", -1));
  }

  /** An ISO 639 code, or the name of a script; empty where it cannot be told. */
  static Optional<String> of(String text) {
    Map<UnicodeScript, Integer> scripts = new EnumMap<>(UnicodeScript.class);
    text.codePoints()
        .filter(Character::isLetter)
        .forEach(letter -> scripts.merge(UnicodeScript.of(letter), 1, Integer::sum));
    int letters = scripts.values().stream().mapToInt(Integer::intValue).sum();
    int kana =
        scripts.getOrDefault(UnicodeScript.HIRAGANA, 0)
            + scripts.getOrDefault(UnicodeScript.KATAKANA, 0);
    Optional<UnicodeScript> most =
        scripts.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .filter(entry -> letters >= LEAST_LETTERS || entry.getKey() != UnicodeScript.LATIN)
            .map(Map.Entry::getKey);
    return most.flatMap(
        script ->
            switch (script) {
              case LATIN -> latin(text);
              case HAN -> Optional.of(kana > 0 ? "ja" : "zh");
              case HIRAGANA, KATAKANA -> Optional.of("ja");
              case HANGUL -> Optional.of("ko");
              default -> Optional.of(script.name().toLowerCase(Locale.ROOT));
            });
  }

  private static Optional<String> latin(String text) {
    List<String> words =
        Arrays.stream(OUTSIDE_WORDS.split(text.toLowerCase(Locale.ROOT), -1))
            .filter(word -> !word.isEmpty())
            .toList();
    if (words.size() < LEAST_WORDS) {
      return Optional.empty();
    }
    Map<String, Long> found = new TreeMap<>();
    WORDS.forEach(
        (language, known) -> found.put(language, words.stream().filter(known::contains).count()));
    List<Map.Entry<String, Long>> best =
        found.entrySet().stream()
            .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
            .toList();
    boolean clear =
        best.get(0).getValue() > best.get(1).getValue()
            && best.get(0).getValue() >= LEAST_SHARE * words.size();
    return clear ? Optional.of(best.getFirst().getKey()) : Optional.empty();
  }
}
