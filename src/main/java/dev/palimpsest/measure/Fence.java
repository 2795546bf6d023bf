package dev.palimpsest.measure;

import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Fences of backticks, as chat models put them around code. */
final class Fence {
  private static final Pattern WHOLE =
      Pattern.compile("(?s)\\s*```\\w*\\s*\\n(.*?)\\n?\\s*```\\s*");
  private static final Pattern FIRST = Pattern.compile("(?s)```\\w*[ \\t]*\\n(.*?)```");

  private Fence() {}

  /** The text without the fence around the whole of it. */
  static String off(String text) {
    return group(WHOLE.matcher(text), Matcher::matches).orElse(text);
  }

  /** The first fenced block; the whole text if it has none. */
  static String firstBlock(String text) {
    return group(FIRST.matcher(text), Matcher::find).orElse(text);
  }

  private static Optional<String> group(Matcher matcher, Predicate<Matcher> applies) {
    return applies.test(matcher) ? Optional.ofNullable(matcher.group(1)) : Optional.empty();
  }
}
