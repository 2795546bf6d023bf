package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * The part of an answer that a pattern finds, compared with the same part of the completion, after
 * normalisation: {@code {"name": "regex", "pattern": "#### (.*)"}}. The last match counts; its
 * first group if it has one. A completion without a match is taken whole.
 */
record RegexMatch(Pattern pattern) implements Grader {
  static RegexMatch of(Metric metric, String where) {
    metric.allow(where, "pattern");
    String text =
        metric
            .text("pattern", where)
            .orElseThrow(() -> new BadInput(where + ": metric regex: it needs a pattern"));
    try {
      return new RegexMatch(Pattern.compile(text));
    } catch (PatternSyntaxException e) {
      throw new BadInput(where + ": metric regex: " + e.getDescription() + " in " + text, e);
    }
  }

  private Optional<String> part(String text) {
    Matcher matcher = pattern.matcher(text);
    String last = null;
    while (matcher.find()) {
      String group = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
      last = group == null ? last : group;
    }
    return Optional.ofNullable(last).map(ExactMatch::normalised);
  }

  @Override
  public boolean right(String completion, String answer) {
    String expected = part(completion).orElseGet(() -> ExactMatch.normalised(completion));
    return part(answer).filter(expected::equals).isPresent();
  }
}
