package dev.palimpsest.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Small matrix products in the first-level caches: four rows of the result stay in registers, by
 * four registers each where there are 32 of them (AVX-512), else by two. C2 keeps them there in
 * loops as plain as these; six rows are no faster.
 */
final class Tiles {
  private static final VectorSpecies<Float> FLOATS = Lanes.FLOATS;
  private static final int LANES = Lanes.COUNT;
  private static final boolean BY_FOUR = LANES == 16;

  /** Rows of a result. */
  static final int ROWS = 4;

  /** Columns that are computed together. */
  static final int COLUMNS = (BY_FOUR ? 4 : 2) * LANES;

  private Tiles() {}

  /**
   * A matrix in an array.
   *
   * @param at where its first row begins
   * @param stride from row to row
   */
  record Panel(float[] data, int at, int stride) {
    Panel from(int row, int column) {
      return new Panel(data, at + row * stride + column, stride);
    }
  }

  /**
   * Overwrites four rows of c with a · b.
   *
   * @param a (4, depth)
   * @param b (depth, columns)
   * @param columns whole registers
   */
  static void product(Panel a, Panel b, Panel c, int columns, int depth) {
    int column = 0;
    for (; column + COLUMNS <= columns; column += COLUMNS) {
      if (BY_FOUR) {
        byFour(a, b.from(0, column), c.from(0, column), depth);
      } else {
        byTwo(a, b.from(0, column), c.from(0, column), depth);
      }
    }
    for (; column < columns; column += LANES) {
      byOne(a, b.from(0, column), c.from(0, column), depth);
    }
  }

  /**
   * Adds aᵀ · b to four rows of c.
   *
   * @param a (depth, 4)
   * @param b (depth, columns)
   * @param columns whole registers
   */
  static void addTransposed(Panel a, Panel b, Panel c, int columns, int depth) {
    int column = 0;
    for (; column + COLUMNS <= columns; column += COLUMNS) {
      if (BY_FOUR) {
        addByFour(a, b.from(0, column), c.from(0, column), depth);
      } else {
        addByTwo(a, b.from(0, column), c.from(0, column), depth);
      }
    }
    for (; column < columns; column += LANES) {
      addByOne(a, b.from(0, column), c.from(0, column), depth);
    }
  }

  private static void byFour(Panel a, Panel b, Panel c, int depth) {
    float[] left = a.data;
    float[] right = b.data;
    FloatVector c00 = FloatVector.zero(FLOATS);
    FloatVector c01 = FloatVector.zero(FLOATS);
    FloatVector c02 = FloatVector.zero(FLOATS);
    FloatVector c03 = FloatVector.zero(FLOATS);
    FloatVector c10 = FloatVector.zero(FLOATS);
    FloatVector c11 = FloatVector.zero(FLOATS);
    FloatVector c12 = FloatVector.zero(FLOATS);
    FloatVector c13 = FloatVector.zero(FLOATS);
    FloatVector c20 = FloatVector.zero(FLOATS);
    FloatVector c21 = FloatVector.zero(FLOATS);
    FloatVector c22 = FloatVector.zero(FLOATS);
    FloatVector c23 = FloatVector.zero(FLOATS);
    FloatVector c30 = FloatVector.zero(FLOATS);
    FloatVector c31 = FloatVector.zero(FLOATS);
    FloatVector c32 = FloatVector.zero(FLOATS);
    FloatVector c33 = FloatVector.zero(FLOATS);
    for (int k = 0; k < depth; k++) {
      int at = b.at + k * b.stride;
      int by = a.at + k;
      FloatVector b0 = FloatVector.fromArray(FLOATS, right, at);
      FloatVector b1 = FloatVector.fromArray(FLOATS, right, at + LANES);
      FloatVector b2 = FloatVector.fromArray(FLOATS, right, at + 2 * LANES);
      FloatVector b3 = FloatVector.fromArray(FLOATS, right, at + 3 * LANES);
      FloatVector a0 = FloatVector.broadcast(FLOATS, left[by]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      c02 = a0.fma(b2, c02);
      c03 = a0.fma(b3, c03);
      FloatVector a1 = FloatVector.broadcast(FLOATS, left[by + a.stride]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      c12 = a1.fma(b2, c12);
      c13 = a1.fma(b3, c13);
      FloatVector a2 = FloatVector.broadcast(FLOATS, left[by + 2 * a.stride]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      c22 = a2.fma(b2, c22);
      c23 = a2.fma(b3, c23);
      FloatVector a3 = FloatVector.broadcast(FLOATS, left[by + 3 * a.stride]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
      c32 = a3.fma(b2, c32);
      c33 = a3.fma(b3, c33);
    }
    put(c, 0, c00, c01, c02, c03);
    put(c, 1, c10, c11, c12, c13);
    put(c, 2, c20, c21, c22, c23);
    put(c, 3, c30, c31, c32, c33);
  }

  private static void byTwo(Panel a, Panel b, Panel c, int depth) {
    float[] left = a.data;
    float[] right = b.data;
    FloatVector c00 = FloatVector.zero(FLOATS);
    FloatVector c01 = FloatVector.zero(FLOATS);
    FloatVector c10 = FloatVector.zero(FLOATS);
    FloatVector c11 = FloatVector.zero(FLOATS);
    FloatVector c20 = FloatVector.zero(FLOATS);
    FloatVector c21 = FloatVector.zero(FLOATS);
    FloatVector c30 = FloatVector.zero(FLOATS);
    FloatVector c31 = FloatVector.zero(FLOATS);
    for (int k = 0; k < depth; k++) {
      int at = b.at + k * b.stride;
      int by = a.at + k;
      FloatVector b0 = FloatVector.fromArray(FLOATS, right, at);
      FloatVector b1 = FloatVector.fromArray(FLOATS, right, at + LANES);
      FloatVector a0 = FloatVector.broadcast(FLOATS, left[by]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(FLOATS, left[by + a.stride]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(FLOATS, left[by + 2 * a.stride]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(FLOATS, left[by + 3 * a.stride]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    put(c, 0, c00, c01);
    put(c, 1, c10, c11);
    put(c, 2, c20, c21);
    put(c, 3, c30, c31);
  }

  private static void byOne(Panel a, Panel b, Panel c, int depth) {
    float[] left = a.data;
    float[] right = b.data;
    FloatVector c00 = FloatVector.zero(FLOATS);
    FloatVector c10 = FloatVector.zero(FLOATS);
    FloatVector c20 = FloatVector.zero(FLOATS);
    FloatVector c30 = FloatVector.zero(FLOATS);
    for (int k = 0; k < depth; k++) {
      int at = b.at + k * b.stride;
      int by = a.at + k;
      FloatVector b0 = FloatVector.fromArray(FLOATS, right, at);
      FloatVector a0 = FloatVector.broadcast(FLOATS, left[by]);
      c00 = a0.fma(b0, c00);
      FloatVector a1 = FloatVector.broadcast(FLOATS, left[by + a.stride]);
      c10 = a1.fma(b0, c10);
      FloatVector a2 = FloatVector.broadcast(FLOATS, left[by + 2 * a.stride]);
      c20 = a2.fma(b0, c20);
      FloatVector a3 = FloatVector.broadcast(FLOATS, left[by + 3 * a.stride]);
      c30 = a3.fma(b0, c30);
    }
    c00.intoArray(c.data, c.at);
    c10.intoArray(c.data, c.at + c.stride);
    c20.intoArray(c.data, c.at + 2 * c.stride);
    c30.intoArray(c.data, c.at + 3 * c.stride);
  }

  private static void addByFour(Panel a, Panel b, Panel c, int depth) {
    float[] left = a.data;
    float[] right = b.data;
    float[] sums = c.data;
    FloatVector c00 = FloatVector.fromArray(FLOATS, sums, c.at);
    FloatVector c01 = FloatVector.fromArray(FLOATS, sums, c.at + LANES);
    FloatVector c02 = FloatVector.fromArray(FLOATS, sums, c.at + 2 * LANES);
    FloatVector c03 = FloatVector.fromArray(FLOATS, sums, c.at + 3 * LANES);
    FloatVector c10 = FloatVector.fromArray(FLOATS, sums, c.at + c.stride);
    FloatVector c11 = FloatVector.fromArray(FLOATS, sums, c.at + c.stride + LANES);
    FloatVector c12 = FloatVector.fromArray(FLOATS, sums, c.at + c.stride + 2 * LANES);
    FloatVector c13 = FloatVector.fromArray(FLOATS, sums, c.at + c.stride + 3 * LANES);
    FloatVector c20 = FloatVector.fromArray(FLOATS, sums, c.at + 2 * c.stride);
    FloatVector c21 = FloatVector.fromArray(FLOATS, sums, c.at + 2 * c.stride + LANES);
    FloatVector c22 = FloatVector.fromArray(FLOATS, sums, c.at + 2 * c.stride + 2 * LANES);
    FloatVector c23 = FloatVector.fromArray(FLOATS, sums, c.at + 2 * c.stride + 3 * LANES);
    FloatVector c30 = FloatVector.fromArray(FLOATS, sums, c.at + 3 * c.stride);
    FloatVector c31 = FloatVector.fromArray(FLOATS, sums, c.at + 3 * c.stride + LANES);
    FloatVector c32 = FloatVector.fromArray(FLOATS, sums, c.at + 3 * c.stride + 2 * LANES);
    FloatVector c33 = FloatVector.fromArray(FLOATS, sums, c.at + 3 * c.stride + 3 * LANES);
    for (int k = 0; k < depth; k++) {
      int at = b.at + k * b.stride;
      int by = a.at + k * a.stride;
      FloatVector b0 = FloatVector.fromArray(FLOATS, right, at);
      FloatVector b1 = FloatVector.fromArray(FLOATS, right, at + LANES);
      FloatVector b2 = FloatVector.fromArray(FLOATS, right, at + 2 * LANES);
      FloatVector b3 = FloatVector.fromArray(FLOATS, right, at + 3 * LANES);
      FloatVector a0 = FloatVector.broadcast(FLOATS, left[by]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      c02 = a0.fma(b2, c02);
      c03 = a0.fma(b3, c03);
      FloatVector a1 = FloatVector.broadcast(FLOATS, left[by + 1]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      c12 = a1.fma(b2, c12);
      c13 = a1.fma(b3, c13);
      FloatVector a2 = FloatVector.broadcast(FLOATS, left[by + 2]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      c22 = a2.fma(b2, c22);
      c23 = a2.fma(b3, c23);
      FloatVector a3 = FloatVector.broadcast(FLOATS, left[by + 3]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
      c32 = a3.fma(b2, c32);
      c33 = a3.fma(b3, c33);
    }
    put(c, 0, c00, c01, c02, c03);
    put(c, 1, c10, c11, c12, c13);
    put(c, 2, c20, c21, c22, c23);
    put(c, 3, c30, c31, c32, c33);
  }

  private static void addByTwo(Panel a, Panel b, Panel c, int depth) {
    float[] left = a.data;
    float[] right = b.data;
    float[] sums = c.data;
    FloatVector c00 = FloatVector.fromArray(FLOATS, sums, c.at);
    FloatVector c01 = FloatVector.fromArray(FLOATS, sums, c.at + LANES);
    FloatVector c10 = FloatVector.fromArray(FLOATS, sums, c.at + c.stride);
    FloatVector c11 = FloatVector.fromArray(FLOATS, sums, c.at + c.stride + LANES);
    FloatVector c20 = FloatVector.fromArray(FLOATS, sums, c.at + 2 * c.stride);
    FloatVector c21 = FloatVector.fromArray(FLOATS, sums, c.at + 2 * c.stride + LANES);
    FloatVector c30 = FloatVector.fromArray(FLOATS, sums, c.at + 3 * c.stride);
    FloatVector c31 = FloatVector.fromArray(FLOATS, sums, c.at + 3 * c.stride + LANES);
    for (int k = 0; k < depth; k++) {
      int at = b.at + k * b.stride;
      int by = a.at + k * a.stride;
      FloatVector b0 = FloatVector.fromArray(FLOATS, right, at);
      FloatVector b1 = FloatVector.fromArray(FLOATS, right, at + LANES);
      FloatVector a0 = FloatVector.broadcast(FLOATS, left[by]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(FLOATS, left[by + 1]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(FLOATS, left[by + 2]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(FLOATS, left[by + 3]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    put(c, 0, c00, c01);
    put(c, 1, c10, c11);
    put(c, 2, c20, c21);
    put(c, 3, c30, c31);
  }

  private static void addByOne(Panel a, Panel b, Panel c, int depth) {
    float[] left = a.data;
    float[] right = b.data;
    float[] sums = c.data;
    FloatVector c00 = FloatVector.fromArray(FLOATS, sums, c.at);
    FloatVector c10 = FloatVector.fromArray(FLOATS, sums, c.at + c.stride);
    FloatVector c20 = FloatVector.fromArray(FLOATS, sums, c.at + 2 * c.stride);
    FloatVector c30 = FloatVector.fromArray(FLOATS, sums, c.at + 3 * c.stride);
    for (int k = 0; k < depth; k++) {
      int at = b.at + k * b.stride;
      int by = a.at + k * a.stride;
      FloatVector b0 = FloatVector.fromArray(FLOATS, right, at);
      FloatVector a0 = FloatVector.broadcast(FLOATS, left[by]);
      c00 = a0.fma(b0, c00);
      FloatVector a1 = FloatVector.broadcast(FLOATS, left[by + 1]);
      c10 = a1.fma(b0, c10);
      FloatVector a2 = FloatVector.broadcast(FLOATS, left[by + 2]);
      c20 = a2.fma(b0, c20);
      FloatVector a3 = FloatVector.broadcast(FLOATS, left[by + 3]);
      c30 = a3.fma(b0, c30);
    }
    c00.intoArray(c.data, c.at);
    c10.intoArray(c.data, c.at + c.stride);
    c20.intoArray(c.data, c.at + 2 * c.stride);
    c30.intoArray(c.data, c.at + 3 * c.stride);
  }

  private static void put(Panel c, int row, FloatVector v0, FloatVector v1) {
    int at = c.at + row * c.stride;
    v0.intoArray(c.data, at);
    v1.intoArray(c.data, at + LANES);
  }

  private static void put(
      Panel c, int row, FloatVector v0, FloatVector v1, FloatVector v2, FloatVector v3) {
    int at = c.at + row * c.stride;
    v0.intoArray(c.data, at);
    v1.intoArray(c.data, at + LANES);
    v2.intoArray(c.data, at + 2 * LANES);
    v3.intoArray(c.data, at + 3 * LANES);
  }
}
