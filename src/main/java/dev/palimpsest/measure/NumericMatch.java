package dev.palimpsest.measure;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The last number of the answer equals the last one of the completion, within {@code tolerance}
 * (absolute, 0 if not given). Commas between groups of three digits are read over.
 */
record NumericMatch(BigDecimal tolerance) implements Grader {
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(?:\\d{1,3}(?:,\\d{3})+|\\d+)(?:\\.\\d+)?(?:[eE][-+]?\\d{1,3})?");

  static NumericMatch of(Metric metric, String where) {
    metric.allow(where, "tolerance");
    return new NumericMatch(BigDecimal.valueOf(metric.number("tolerance", 0, where)));
  }

  private static Optional<BigDecimal> last(String text) {
    Matcher matcher = NUMBER.matcher(text);
    String found = null;
    while (matcher.find()) {
      found = matcher.group();
    }
    return Optional.ofNullable(found).map(number -> new BigDecimal(number.replace(",", "")));
  }

  @Override
  public boolean right(String completion, String answer) {
    BigDecimal expected = last(completion).orElseThrow();
    return last(answer)
        .filter(found -> found.subtract(expected).abs().compareTo(tolerance) <= 0)
        .isPresent();
  }

  @Override
  public void check(String completion) {
    if (last(completion).isEmpty()) {
      throw new IllegalArgumentException("the completion has no number");
    }
  }
}
