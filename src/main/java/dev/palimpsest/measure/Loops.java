package dev.palimpsest.measure;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Finds answers that ended in endless repetition: the end is one piece of 1 to 16 tokens, five
 * times over or more, and at least 30 characters in all, whether or not an end token follows.
 *
 * @param endTokens ids that end an answer
 * @param text of ids
 */
public record Loops(Set<Integer> endTokens, Function<int[], String> text) {
  private static final int LONGEST_PIECE = 16;
  private static final int LEAST_TIMES = 5;
  private static final int LEAST_CHARACTERS = 30;

  /**
   * A loop.
   *
   * @param piece what is repeated
   * @param times how often
   */
  public record Loop(String piece, int times) {}

  /** Copies the ids. */
  public Loops {
    endTokens = Set.copyOf(endTokens);
  }

  /** The loop with the shortest piece that an answer ends in, if it does. */
  public Optional<Loop> find(int[] ids) {
    int end = ids.length;
    while (end > 0 && endTokens.contains(ids[end - 1])) {
      end--;
    }
    for (int piece = 1; piece <= LONGEST_PIECE && piece * LEAST_TIMES <= end; piece++) {
      int start = end - piece;
      while (start > 0 && ids[start - 1] == ids[start - 1 + piece]) {
        start--;
      }
      int times = (end - start) / piece;
      if (times < LEAST_TIMES) {
        continue;
      }
      String repeated = text.apply(Arrays.copyOfRange(ids, end - times * piece, end));
      if (repeated.codePointCount(0, repeated.length()) >= LEAST_CHARACTERS) {
        return Optional.of(new Loop(text.apply(Arrays.copyOfRange(ids, end - piece, end)), times));
      }
    }
    return Optional.empty();
  }
}
