package dev.palimpsest.measure;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Normalised match: case-folded, runs outside letters, digits and {@code _} become one space,
 * trimmed; nothing more. Letters and digits are Unicode's, marks that belong to letters included.
 */
record ExactMatch() implements Grader {
  private static final Pattern OUTSIDE = Pattern.compile("[^\\p{L}\\p{M}\\p{N}_]+");

  static ExactMatch of(Metric metric, String where) {
    metric.allow(where);
    return new ExactMatch();
  }

  static String normalised(String text) {
    // up and down: folds what lower case alone keeps apart, such as final sigma and sharp s
    String folded = text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    return OUTSIDE.matcher(folded).replaceAll(" ").strip();
  }

  @Override
  public boolean right(String completion, String answer) {
    return normalised(completion).equals(normalised(answer));
  }

  @Override
  public void check(String completion) {
    if (normalised(completion).isEmpty()) {
      throw new IllegalArgumentException(
          "the completion has no letter, digit or _, so every such answer would be right");
    }
  }
}
