package dev.palimpsest.tensor;

import jdk.incubator.vector.FloatVector;

/**
 * Rotates the two halves of a head (Hugging Face's half-split RoPE), and back, by tables of all
 * rows.
 *
 * @param cosines address of (rows, width), F32, both halves alike
 * @param sines address of the same, the first half negated
 */
record Turn(long cosines, long sines, int width) {

  /** Of tables, (rows, 1, width), F32. */
  static Turn of(Tensor cosines, Tensor sines) {
    return new Turn(
        cosines.segment().address(), sines.segment().address(), Math.toIntExact(cosines.size(2)));
  }

  /**
   * Rotates a head into its place in another array.
   *
   * @param direction 1, or −1 for the rotation back, which is the gradient by x
   */
  void turn(int row, float direction, float[] x, int from, float[] into, int at) {
    int half = width / 2;
    long cosine = cosines + 4L * row * width;
    long sine = sines + 4L * (row * (long) width + half);
    int i = 0;
    for (; i <= half - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector a = FloatVector.fromArray(Lanes.FLOATS, x, from + i);
      FloatVector b = FloatVector.fromArray(Lanes.FLOATS, x, from + half + i);
      FloatVector c = Lanes.wide(cosine + 4L * i);
      FloatVector s = Lanes.wide(sine + 4L * i).mul(direction);
      a.mul(c).sub(b.mul(s)).intoArray(into, at + i);
      b.mul(c).add(a.mul(s)).intoArray(into, at + half + i);
    }
    for (; i < half; i++) {
      float a = x[from + i];
      float b = x[from + half + i];
      float c = Lanes.getFloat(cosine + 4L * i);
      float s = direction * Lanes.getFloat(sine + 4L * i);
      into[at + i] = a * c - b * s;
      into[at + half + i] = b * c + a * s;
    }
  }
}
