package dev.palimpsest.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * A few of many rows that are as long as a vocabulary: what is computed of them stays in the
 * caches, where each tensor of all rows would go through memory.
 */
public record LongRows(int from, int count) {
  private static final int MOST = 16; // fewer cost calls, more leave the caches

  /** All rows of a matrix, in order. */
  public static List<LongRows> of(Tensor matrix) {
    int rows = Math.toIntExact(matrix.size(0));
    List<LongRows> all = new ArrayList<>();
    for (int from = 0; from < rows; from += MOST) {
      all.add(new LongRows(from, Math.min(MOST, rows - from)));
    }
    return all;
  }

  /** These rows of a tensor, in its memory. */
  public Tensor in(Tensor all) {
    return all.narrow(0, from, count);
  }
}
