package dev.palimpsest.model;

import java.util.Arrays;

/**
 * Finds scale and minimum of 32 numbers that are to be {@code scale * code - depth}: codes are
 * tried for a row of step sizes, each time with the scale and minimum that least squares gives for
 * them, and the smallest weighted error wins. Outlying numbers weigh more: root mean square plus
 * magnitude. It is ggml's {@code make_qkx2_quants}.
 */
final class ScaleAndMinimum {
  private static final int SIZE = 32;
  private static final float STEP = 0.1f;

  private final int largest;
  private final float first;
  private final int steps;
  private final float[] weights = new float[SIZE];
  private final int[] tried = new int[SIZE];
  private float scale;
  private float minimum;
  private float fitScale;
  private float fitMinimum;

  /**
   * A search.
   *
   * @param largest code
   * @param first what is added to the largest code in the first step size; a tenth more in each
   *     next
   */
  ScaleAndMinimum(int largest, float first, int steps) {
    this.largest = largest;
    this.first = first;
    this.steps = steps;
  }

  int largest() {
    return largest;
  }

  float scale() {
    return scale;
  }

  /** The minimum's negative, which is 0 or more. */
  float depth() {
    return -minimum;
  }

  /** Sets scale and depth, and writes the codes. */
  void find(float[] in, int from, int[] codes, int to) {
    weigh(in, from);
    float least = in[from];
    float most = in[from];
    float sumW = weights[0];
    float sumX = sumW * in[from];
    for (int i = 1; i < SIZE; i++) {
      float x = in[from + i];
      least = x < least ? x : least;
      most = x > most ? x : most;
      sumW += weights[i];
      sumX += weights[i] * x;
    }
    minimum = least > 0 ? 0 : least;
    if (most == minimum) {
      Arrays.fill(codes, to, to + SIZE, 0);
      scale = 0;
      return;
    }
    float inverse = largest / (most - minimum);
    scale = 1 / inverse;
    code(in, from, inverse);
    System.arraycopy(tried, 0, codes, to, SIZE);
    float best = error(in, from, scale, minimum);
    for (int step = 0; step <= steps; step++) {
      // from the best minimum so far
      code(in, from, (first + STEP * step + largest) / (most - minimum));
      if (fit(in, from, sumW, sumX)) {
        float error = error(in, from, fitScale, fitMinimum);
        if (error < best) {
          best = error;
          scale = fitScale;
          minimum = fitMinimum;
          System.arraycopy(tried, 0, codes, to, SIZE);
        }
      }
    }
  }

  private void weigh(float[] in, int from) {
    float squares = 0;
    for (int i = 0; i < SIZE; i++) {
      squares += in[from + i] * in[from + i];
    }
    float rms = (float) Math.sqrt(squares / SIZE);
    for (int i = 0; i < SIZE; i++) {
      weights[i] = rms + Math.abs(in[from + i]);
    }
  }

  private void code(float[] in, int from, float inverse) {
    for (int i = 0; i < SIZE; i++) {
      int code = SixBitSearch.nearest(inverse * (in[from + i] - minimum));
      tried[i] = Math.clamp(code, 0, largest);
    }
  }

  /** Least squares for the tried codes; false if they are all the same. */
  private boolean fit(float[] in, int from, float sumW, float sumX) {
    float sumL = 0;
    float sumLl = 0;
    float sumXl = 0;
    for (int i = 0; i < SIZE; i++) {
      float weighted = weights[i] * tried[i];
      sumL += weighted;
      sumLl += weighted * tried[i];
      sumXl += weighted * in[from + i];
    }
    float determinant = sumW * sumLl - sumL * sumL;
    if (!(determinant > 0)) {
      return false;
    }
    fitScale = (sumW * sumXl - sumX * sumL) / determinant;
    fitMinimum = (sumLl * sumX - sumL * sumXl) / determinant;
    if (fitMinimum > 0) {
      fitMinimum = 0;
      fitScale = sumXl / sumLl;
    }
    return true;
  }

  private float error(float[] in, int from, float scale, float minimum) {
    float error = 0;
    for (int i = 0; i < SIZE; i++) {
      float missed = scale * tried[i] + minimum - in[from + i];
      error += weights[i] * (missed * missed);
    }
    return error;
  }
}
