package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The one label that the answer names is the completion: {@code {"name": "label", "labels":
 * ["equivalent", "not equivalent"]}}, for sentence equivalence and other classification. Labels are
 * looked for at word borders after normalisation, longer ones first, so that "not equivalent" does
 * not count as "equivalent". An answer that names none, or two different ones, is wrong.
 *
 * @param labels normalised, all different
 * @param pattern finds them between spaces
 */
record LabelMatch(Set<String> labels, Pattern pattern) implements Grader {
  static LabelMatch of(Metric metric, String where) {
    metric.allow(where, "labels");
    List<String> given = metric.texts("labels", where);
    Set<String> labels = new LinkedHashSet<>();
    given.forEach(label -> labels.add(ExactMatch.normalised(label)));
    if (given.size() < 2 || labels.size() < given.size() || labels.contains("")) {
      throw new BadInput(
          where
              + ": metric label: it needs labels, a list of two texts or more that differ in their"
              + " letters and digits");
    }
    String any =
        labels.stream()
            .sorted(Comparator.comparingInt(String::length).reversed())
            .map(Pattern::quote)
            .collect(Collectors.joining("|"));
    return new LabelMatch(labels, Pattern.compile("(?<= )(?:" + any + ")(?= )"));
  }

  private Optional<String> named(String text) {
    Matcher matcher = pattern.matcher(" " + ExactMatch.normalised(text) + " ");
    Set<String> found = new LinkedHashSet<>();
    while (matcher.find()) {
      found.add(matcher.group());
    }
    return found.size() == 1 ? Optional.of(found.iterator().next()) : Optional.empty();
  }

  @Override
  public boolean right(String completion, String answer) {
    return named(answer).filter(ExactMatch.normalised(completion)::equals).isPresent();
  }

  @Override
  public void check(String completion) {
    if (!labels.contains(ExactMatch.normalised(completion))) {
      throw new IllegalArgumentException(
          "the completion " + completion + " is none of the labels " + String.join(", ", labels));
    }
  }
}
