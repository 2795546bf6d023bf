package dev.palimpsest.tensor;

import dev.palimpsest.tensor.Tiles.Panel;
import dev.palimpsest.tensor.VectorAttention.Angles;
import dev.palimpsest.tensor.VectorAttention.Heads;
import dev.palimpsest.tensor.VectorAttention.Inputs;
import dev.palimpsest.tensor.VectorAttention.Rows;

/**
 * One head of one document in a thread's arrays: its rows rotated, and filled up to whole registers
 * with zeros.
 */
final class HeadArrays {
  private static final ThreadLocal<float[][]> ARRAYS =
      ThreadLocal.withInitial(() -> new float[16][0]);

  private final float[][] arrays = ARRAYS.get();
  private final Source source;
  private final int head;
  private final float[] row;
  private int taken;

  /** The rows that the head's columns have, in their order. */
  final int[] rows;

  /** From row to row in the arrays. */
  final int stride;

  /** The columns, filled up to whole panels. */
  final int filled;

  HeadArrays(Source source, Rows document, int head) {
    this.source = source;
    this.head = head;
    this.rows = document.all();
    this.stride = Math.ceilDiv(source.heads.width(), Lanes.COUNT) * Lanes.COUNT;
    this.filled = Math.ceilDiv(rows.length, Tiles.COLUMNS) * Tiles.COLUMNS;
    this.row = take(1, stride).data();
  }

  /** The heads of a pass. */
  record Source(Heads heads, HeadRows q, HeadRows k, HeadRows v, Turn turn) {
    static Source of(Heads heads, Inputs inputs, Angles angles) {
      return new Source(
          heads,
          HeadRows.of(inputs.q()),
          HeadRows.of(inputs.k()),
          HeadRows.of(inputs.v()),
          Turn.of(angles.cosines(), angles.sines()));
    }
  }

  /** An array that no other holds of this head; it has what was in it before. */
  Panel take(int count, int stride) {
    int slot = taken++;
    if (arrays[slot].length < count * stride) {
      arrays[slot] = new float[count * stride];
    }
    return new Panel(arrays[slot], 0, stride);
  }

  /** The head of keys and values that this one asks. */
  private int asked() {
    return head / (source.heads.queries() / source.heads.keyValues());
  }

  /** The rotated keys. */
  Panel keys() {
    Panel keys = take(rows.length, stride);
    for (int i = 0; i < rows.length; i++) {
      turned(source.k, rows[i], asked(), keys.data(), i * stride);
      fill(keys, i);
    }
    return keys;
  }

  private void turned(HeadRows from, int at, int head, float[] into, int to) {
    from.load(at, head, row, 0);
    source.turn.turn(at, 1, row, 0, into, to);
  }

  Panel values() {
    Panel values = take(rows.length, stride);
    for (int i = 0; i < rows.length; i++) {
      source.v.load(rows[i], asked(), values.data(), i * stride);
      fill(values, i);
    }
    return values;
  }

  /** Loads rotated queries. */
  void queries(Visible visible, Panel into) {
    for (int i = 0; i < visible.count(); i++) {
      turned(source.q, rows[visible.first() + i], head, into.data(), into.at() + i * stride);
      fill(into, i);
    }
  }

  /** Loads rows of this head as they are. */
  void load(HeadRows from, Visible visible, Panel into) {
    for (int i = 0; i < visible.count(); i++) {
      from.load(rows[visible.first() + i], head, into.data(), into.at() + i * stride);
      fill(into, i);
    }
  }

  void store(Panel values, Visible visible, HeadRows to) {
    for (int i = 0; i < visible.count(); i++) {
      to.store(rows[visible.first() + i], head, values.data(), values.at() + i * stride);
    }
  }

  /** Stores the gradient by the queries, given the one by the rotated ones. */
  void storeByQueries(Panel gradient, Visible visible, HeadRows to) {
    for (int i = 0; i < visible.count(); i++) {
      int at = rows[visible.first() + i];
      source.turn.turn(at, -1, gradient.data(), gradient.at() + i * stride, row, 0);
      to.store(at, head, row, 0);
    }
  }

  private void fill(Panel rows, int index) {
    int at = rows.at() + index * stride;
    for (int i = at + source.heads.width(); i < at + stride; i++) {
      rows.data()[i] = 0;
    }
  }

  /** Where a row of this head has its log Σ exp. */
  long logSumExp(long address, int index) {
    return address + 4L * ((long) rows[index] * source.heads.queries() + head);
  }

  /**
   * All rows as columns, in panels of {@link Tiles#COLUMNS}: a panel's element (i, j) is what its
   * row j has at i.
   */
  Panel transposed(Panel given) {
    Panel columns = take(filled, stride);
    for (int first = 0; first < rows.length; first += Tiles.COLUMNS) {
      int panel = first * stride;
      int count = Math.min(Tiles.COLUMNS, rows.length - first);
      for (int j = 0; j < count; j++) {
        int from = (first + j) * stride;
        for (int i = 0; i < stride; i++) {
          columns.data()[panel + i * Tiles.COLUMNS + j] = given.data()[from + i];
        }
      }
    }
    return columns;
  }

  /** Four rows times the columns that they see. */
  void product(Panel four, Panel columns, Panel into, Visible visible) {
    for (int from = visible.from(); from < visible.to(); from += Tiles.COLUMNS) {
      Panel panel = new Panel(columns.data(), from * stride, Tiles.COLUMNS);
      int width = Math.min(Tiles.COLUMNS, visible.filledTo() - from);
      Tiles.product(four, panel, into.from(0, from), width, stride);
    }
  }

  /** The weights of four rows times the rows that they see. */
  void weighted(Panel weights, Panel rows, Panel into, Visible visible) {
    int from = visible.from();
    Tiles.product(weights.from(0, from), rows.from(from, 0), into, stride, visible.to() - from);
  }
}
