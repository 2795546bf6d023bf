package dev.palimpsest.tune;

import dev.palimpsest.run.BadInput;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Layers side by side, counted from 0.
 *
 * @param to the last, included
 */
public record Layers(int from, int to) {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,6})(?:-(\\d{1,6}))?");

  /**
   * Reads {@code 15-29}, or {@code 3}.
   *
   * @param option that the text is given to, for the message
   */
  public static Layers parse(String option, String text) {
    Matcher range = TEXT.matcher(text);
    if (!range.matches()) {
      throw new BadInput(option + text + ": give FROM-TO, such as 15-29");
    }
    int from = Integer.parseInt(range.group(1));
    return new Layers(from, range.group(2) == null ? from : Integer.parseInt(range.group(2)));
  }

  /** Checks that a model has them. */
  void require(String option, int count) {
    if (from > to || to >= count) {
      throw new BadInput(
          option
              + this
              + ": the model has layers 0 to "
              + (count - 1)
              + "; give FROM-TO among them");
    }
  }

  boolean contains(int layer) {
    return layer >= from && layer <= to;
  }

  /** Each of them. */
  public List<Integer> numbers() {
    return IntStream.rangeClosed(from, to).boxed().toList();
  }

  @Override
  public String toString() {
    return from == to ? String.valueOf(from) : from + "-" + to;
  }
}
