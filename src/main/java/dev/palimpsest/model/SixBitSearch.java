package dev.palimpsest.model;

import java.util.Arrays;

/**
 * Finds the scale of 16 numbers that are to be {@code scale * (code - 32)} with codes of six bits:
 * of 19 step sizes the one whose codes explain most, each number weighed with its square. It is
 * ggml's {@code make_qx_quants}.
 */
final class SixBitSearch {
  static final int SIZE = 16;

  /** A magnitude that counts as none (ggml's GROUP_MAX_EPS). */
  static final float NOTHING = 1e-15f;

  private static final int HALF = 32;
  private static final int STEPS = 9;

  private float products;
  private float squares;

  /** Gives the scale, and writes the codes. */
  float find(float[] in, int from, int[] codes, int to) {
    float extreme = 0;
    for (int i = from; i < from + SIZE; i++) {
      extreme = Math.abs(in[i]) > Math.abs(extreme) ? in[i] : extreme;
    }
    if (Math.abs(extreme) < NOTHING) {
      Arrays.fill(codes, to, to + SIZE, 0);
      return 0;
    }
    float inverse = -HALF / extreme;
    sum(in, from, inverse);
    code(in, from, inverse, codes, to);
    float scale = squares == 0 ? 0 : products / squares;
    float best = scale * products;
    for (int step = -STEPS; step <= STEPS; step++) {
      if (step == 0) {
        continue;
      }
      inverse = -(HALF + 0.1f * step) / extreme;
      sum(in, from, inverse);
      if (squares > 0 && products * products > best * squares) {
        code(in, from, inverse, codes, to);
        scale = products / squares;
        best = scale * products;
      }
    }
    return scale;
  }

  private void sum(float[] in, int from, float inverse) {
    products = 0;
    squares = 0;
    for (int i = from; i < from + SIZE; i++) {
      int code = Math.clamp(nearest(inverse * in[i]), -HALF, HALF - 1);
      float weight = in[i] * in[i];
      products += weight * in[i] * code;
      squares += weight * code * code;
    }
  }

  private static void code(float[] in, int from, float inverse, int[] codes, int to) {
    for (int i = 0; i < SIZE; i++) {
      codes[to + i] = HALF + Math.clamp(nearest(inverse * in[from + i]), -HALF, HALF - 1);
    }
  }

  /** The nearest integer, ties to even. */
  static int nearest(float value) {
    return (int) Math.rint(value);
  }
}
