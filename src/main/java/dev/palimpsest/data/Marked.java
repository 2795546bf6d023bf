package dev.palimpsest.data;

import java.util.List;

/**
 * The text that is tokenised, with the parts that are trained or scored.
 *
 * @param labels in order, apart from each other
 */
public record Marked(String text, List<Span> labels) {
  /** Chars from start (inclusive) to end (exclusive). */
  public record Span(int start, int end) {}

  public Marked {
    labels = List.copyOf(labels);
  }

  /** The text with ⟦ and ⟧ around each part that is trained. */
  public String show() {
    StringBuilder shown = new StringBuilder();
    int at = 0;
    for (Span span : labels) {
      shown.append(text, at, span.start()).append('⟦');
      shown.append(text, span.start(), span.end()).append('⟧');
      at = span.end();
    }
    return shown.append(text, at, text.length()).toString();
  }
}
