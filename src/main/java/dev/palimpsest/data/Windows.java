package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cuts a long document into windows, so that every token but the first is scored exactly once. */
public final class Windows {
  private Windows() {}

  /**
   * The windows of a document, in order, under its id. The first scores all its tokens but the
   * first; each later one scores up to {@code stride} further tokens, with as many before them as
   * the window holds.
   *
   * @param window most tokens of a window, at least 2
   * @param stride tokens that a window adds; {@code window - 1} at most, since a token is scored
   *     given at least one before it: a larger one is taken for that
   */
  public static List<Example> of(Example document, int window, int stride) {
    if (window < 2 || stride < 1) {
      throw new IllegalArgumentException(
          "windows of " + window + " tokens that move on by " + stride + "; at least 2 and 1");
    }
    int step = Math.min(stride, window - 1);
    int length = document.length();
    List<Example> windows = new ArrayList<>();
    int scored = 0;
    for (int end = Math.min(window, length); scored < length; end = Math.min(length, end + step)) {
      int start = Math.max(0, end - window);
      boolean[] label = Arrays.copyOfRange(document.label(), start, end);
      Arrays.fill(label, 0, Math.max(0, scored - start), false);
      windows.add(
          new Example(document.id(), Arrays.copyOfRange(document.ids(), start, end), label));
      scored = end;
    }
    return windows;
  }
}
