package dev.palimpsest.tensor;

import java.util.SplittableRandom;

/** Tensors whose values do not matter, of a size that keeps a deep model's numbers finite. */
public final class RandomTensors {
  private RandomTensors() {}

  /** Uniform within ±0.03, the same each time, in the caller's scope. */
  public static Tensor of(DType type, long... shape) {
    SplittableRandom random = new SplittableRandom(1);
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (random.nextInt() >> 8) * (0.03f / (1 << 23));
    }
    return Tensor.of(values, shape).to(type);
  }

  /** The same, until closed. */
  public static Tensor lasting(DType type, long... shape) {
    try (Scope scope = Scope.open()) {
      return scope.release(of(type, shape));
    }
  }
}
