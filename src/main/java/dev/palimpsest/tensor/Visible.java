package dev.palimpsest.tensor;

import java.util.Arrays;

/**
 * What consecutive rows of a document see of its columns.
 *
 * @param first the first row's own column
 * @param count rows
 * @param window a row sees so many columns back, its own included; 0 for all
 */
record Visible(int first, int count, int window) {
  /** Some of these rows. */
  Visible rows(int from, int most) {
    return new Visible(first + from, Math.min(most, count - from), window);
  }

  /** The first column of a panel that any row sees. */
  int from() {
    return seenFrom(0) / Tiles.COLUMNS * Tiles.COLUMNS;
  }

  /** Past the last column that any row sees. */
  int to() {
    return first + count;
  }

  /** The same, filled up to whole registers. */
  int filledTo() {
    return Math.ceilDiv(to(), Lanes.COUNT) * Lanes.COUNT;
  }

  private int seenFrom(int row) {
    return window == 0 ? 0 : Math.max(0, first + row - window + 1);
  }

  /**
   * Overwrites what a row does not see.
   *
   * @param scores of the row, whose first column lies at {@code at}
   * @param among columns that are overwritten
   */
  void hide(int row, float[] scores, int at, Visible among, float value) {
    Arrays.fill(scores, at + among.from(), at + seenFrom(row), value);
    Arrays.fill(scores, at + first + row + 1, at + among.filledTo(), value);
  }
}
