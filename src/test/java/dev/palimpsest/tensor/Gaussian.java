package dev.palimpsest.tensor;

import java.util.Random;

/** Tensors of normally distributed elements, F32, the same ones each time. */
final class Gaussian {
  private Gaussian() {}

  static Tensor tensor(long seed, long... shape) {
    return Tensor.of(values(seed, FlatView.elements(shape)), shape);
  }

  static float[] values(long seed, long count) {
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
