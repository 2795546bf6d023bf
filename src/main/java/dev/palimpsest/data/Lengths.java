package dev.palimpsest.data;

import java.util.Arrays;

/**
 * How long the examples are, in tokens, before any cut.
 *
 * @param rows examples that could be tokenised
 * @param tokens of all of them
 * @param labels tokens that are trained or scored
 * @param limit most tokens of an example
 * @param over how many are longer
 * @param cutTokens how many tokens {@code --truncate} takes away
 * @param cutLabels how many of these are labels
 */
public record Lengths(
    int rows,
    long tokens,
    long labels,
    int shortest,
    int median,
    int p95,
    int longest,
    int limit,
    int over,
    long cutTokens,
    long cutLabels) {

  /** Gathers lengths row by row. */
  static final class Gathering {
    private final int limit;
    private int[] lengths = new int[1024];
    private int rows;
    private long tokens;
    private long labels;
    private int over;
    private long cutTokens;
    private long cutLabels;

    Gathering(int limit) {
      this.limit = limit;
    }

    void add(Example whole) {
      if (rows == lengths.length) {
        lengths = Arrays.copyOf(lengths, rows * 2);
      }
      lengths[rows++] = whole.length();
      tokens += whole.length();
      labels += whole.labels();
      if (whole.length() > limit) {
        over++;
        cutTokens += whole.length() - limit;
        for (int i = limit; i < whole.length(); i++) {
          cutLabels += whole.label()[i] ? 1 : 0;
        }
      }
    }

    Lengths done() {
      int[] sorted = Arrays.copyOf(lengths, Math.max(1, rows));
      Arrays.sort(sorted);
      return new Lengths(
          rows,
          tokens,
          labels,
          sorted[0],
          at(sorted, 0.5),
          at(sorted, 0.95),
          sorted[sorted.length - 1],
          limit,
          over,
          cutTokens,
          cutLabels);
    }

    /** The smallest length that is not below a share of them. */
    private static int at(int[] sorted, double share) {
      return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
    }
  }

  @Override
  public String toString() {
    return rows
        + " rows, "
        + tokens
        + " tokens, "
        + labels
        + " of them labels; shortest "
        + shortest
        + ", median "
        + median
        + ", 95 % within "
        + p95
        + ", longest "
        + longest
        + "; "
        + over
        + " over the limit of "
        + limit
        + " ("
        + cutTokens
        + " tokens, "
        + cutLabels
        + " of them labels)";
  }
}
