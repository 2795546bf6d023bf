package dev.palimpsest.tensor;

import java.util.function.Consumer;
import jdk.incubator.vector.FloatVector;

/**
 * {@link GatedUnit} row by row on the JDK's vectors, in one pass over memory.
 *
 * @param both gates, then ups, in so many pieces each
 */
record GateRows(HeadRows both, int rows, int pieces) {
  /** Most elements of a piece: what is computed of it stays in the first-level cache. */
  private static final long MOST = 512;

  static GateRows of(Tensor both) {
    int pieces = pieces(both.size(1) / 2);
    return new GateRows(cut(both, 2 * pieces), Math.toIntExact(both.size(0)), pieces);
  }

  private static int pieces(long width) {
    for (int pieces = 1; pieces < 64; pieces++) {
      if (width % pieces == 0 && width / pieces <= MOST) {
        return pieces;
      }
    }
    return 1;
  }

  private static HeadRows cut(Tensor rows, int pieces) {
    return HeadRows.of(rows.view(rows.size(0), pieces, rows.size(1) / pieces));
  }

  /** A piece of a row, and what it takes to compute it; arrays end at whole registers. */
  private static final class Piece {
    private final float[] gate;
    private final float[] up;
    private final float[] share; // σ(gate)
    private final float[] by;
    private int row;
    private int piece;

    Piece(int width) {
      int filled = Math.ceilDiv(width, Lanes.COUNT) * Lanes.COUNT;
      gate = new float[filled];
      up = new float[filled];
      share = new float[filled];
      by = new float[filled];
    }
  }

  private void each(Consumer<Piece> work) {
    Team.compute(
        rows,
        2L * pieces * both.width(),
        (first, last) -> {
          Piece at = new Piece(both.width());
          for (at.row = first; at.row < last; at.row++) {
            for (at.piece = 0; at.piece < pieces; at.piece++) {
              both.load(at.row, at.piece, at.gate, 0);
              both.load(at.row, pieces + at.piece, at.up, 0);
              share(at.gate, at.share);
              work.accept(at);
            }
          }
        });
  }

  private static void share(float[] gate, float[] into) {
    FloatVector one = FloatVector.broadcast(Lanes.FLOATS, 1);
    for (int i = 0; i < gate.length; i += Lanes.COUNT) {
      FloatVector minus = FloatVector.fromArray(Lanes.FLOATS, gate, i).neg();
      one.div(Lanes.exp(minus).add(1)).intoArray(into, i);
    }
  }

  void forward(Tensor hidden) {
    HeadRows into = cut(hidden, pieces);
    each(
        at -> {
          times(at.gate, at.share, at.up);
          into.store(at.row, at.piece, at.up, 0);
        });
  }

  private static void times(float[] gate, float[] share, float[] up) {
    for (int i = 0; i < up.length; i++) {
      up[i] = gate[i] * share[i] * up[i];
    }
  }

  void backward(Tensor byHidden, Tensor byBoth) {
    HeadRows by = cut(byHidden, pieces);
    HeadRows into = cut(byBoth, 2 * pieces);
    each(
        at -> {
          by.load(at.row, at.piece, at.by, 0);
          gradients(at.gate, at.up, at.share, at.by);
          into.store(at.row, at.piece, at.gate, 0);
          into.store(at.row, pieces + at.piece, at.up, 0);
        });
  }

  // the gradients take the places of gate and up
  private static void gradients(float[] gate, float[] up, float[] share, float[] by) {
    for (int i = 0; i < gate.length; i++) {
      float x = gate[i];
      float slope = share[i] * (1 + x * (1 - share[i]));
      gate[i] = by[i] * up[i] * slope;
      up[i] = by[i] * x * share[i];
    }
  }
}
