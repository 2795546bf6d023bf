package dev.palimpsest.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Rows of floats in Java's heap, and what a decoder computes between its products. For the few rows
 * of a decoding step an operation of libtorch takes longer to call than to compute; plain loops do
 * not, and need no warming up (docs/decisions/decoding.md). Each row's bits hang on that row alone.
 */
public final class FloatRows {
  private final float[] values;
  private final int count;
  private final int width;
  private short @Nullable [] narrow; // on its way to or from memory, in bf16

  /** Rows of zeros. */
  public FloatRows(int count, int width) {
    this.values = new float[Math.multiplyExact(count, width)];
    this.count = count;
    this.width = width;
  }

  /** How many. */
  public int count() {
    return count;
  }

  /** Elements of each. */
  public int width() {
    return width;
  }

  /** The elements themselves, row by row. */
  public float[] values() {
    return values;
  }

  /**
   * Overwrites all with a tensor's elements.
   *
   * @param source (as many rows or more, width), contiguous, F32 or BF16, on the CPU
   */
  public void read(Tensor source) {
    MemorySegment memory = source.segment();
    if (source.dtype() == DType.F32) {
      MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, 0, values, 0, values.length);
      return;
    }
    short[] narrow = narrow();
    MemorySegment.copy(memory, ValueLayout.JAVA_SHORT, 0, narrow, 0, narrow.length);
    for (int i = 0; i < narrow.length; i++) {
      values[i] = Float.intBitsToFloat(narrow[i] << 16);
    }
  }

  /**
   * A tensor, (as many rows or more, width), and where its elements lie: {@link #in} looks them up
   * no more.
   */
  public record Copy(Tensor tensor, DType type, MemorySegment memory) {
    /** Of zeros, in the scope that is open. */
    public static Copy zeros(DType type, int count, int width) {
      Tensor tensor = Tensor.zeros(type, count, width);
      return new Copy(tensor, type, tensor.segment());
    }
  }

  /**
   * Overwrites the first rows of a copy, F32 or BF16 (to nearest, ties to even).
   *
   * @return its tensor
   */
  public Tensor in(Copy copy) {
    if (copy.type == DType.F32) {
      MemorySegment.copy(values, 0, copy.memory, ValueLayout.JAVA_FLOAT, 0, values.length);
    } else {
      short[] narrow = narrow();
      for (int i = 0; i < narrow.length; i++) {
        narrow[i] = narrow(values[i]);
      }
      MemorySegment.copy(narrow, 0, copy.memory, ValueLayout.JAVA_SHORT, 0, narrow.length);
    }
    return copy.tensor;
  }

  private short[] narrow() {
    if (narrow == null) {
      narrow = new short[values.length];
    }
    return narrow;
  }

  private static short narrow(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value)
        ? (short) ((bits >>> 16) | 0x40)
        : (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Adds another's elements. */
  public void plus(FloatRows other) {
    float[] added = other.values;
    for (int i = 0; i < values.length; i++) {
      values[i] += added[i];
    }
  }

  /**
   * x / √(mean(x²) + ε) · weight of so many stretches of each row (Zhang and Sennrich, 1910.07467).
   *
   * @param first element of the first stretch in each row
   * @param stretches each as long as the weight, one after the other
   * @param into of the same shape; may be this
   */
  public void normalise(int first, int stretches, float[] weight, double epsilon, FloatRows into) {
    for (int row = 0; row < count; row++) {
      for (int i = 0; i < stretches; i++) {
        int from = row * width + first + i * weight.length;
        normalise(from, weight, epsilon, into.values);
      }
    }
  }

  private void normalise(int from, float[] weight, double epsilon, float[] into) {
    double sum = 0;
    for (int i = 0; i < weight.length; i++) {
      double x = values[from + i];
      sum += x * x;
    }
    float factor = (float) (1 / Math.sqrt(sum / weight.length + epsilon));
    for (int i = 0; i < weight.length; i++) {
      into[from + i] = values[from + i] * factor * weight[i];
    }
  }

  /**
   * Rotates the two halves of the first heads of each row (Hugging Face's half-split RoPE).
   *
   * @param heads how many
   * @param cosines (rows, half a head)
   * @param sines the same
   */
  public void rotate(int heads, float[] cosines, float[] sines) {
    int half = cosines.length / count;
    for (int row = 0; row < count; row++) {
      for (int head = 0; head < heads; head++) {
        int at = row * width + 2 * half * head;
        for (int i = 0; i < half; i++) {
          float cosine = cosines[row * half + i];
          float sine = sines[row * half + i];
          float x = values[at + i];
          float y = values[at + half + i];
          values[at + i] = x * cosine - y * sine;
          values[at + half + i] = y * cosine + x * sine;
        }
      }
    }
  }

  /**
   * activation(gate) · up of gates and ups side by side (Shazeer, 2002.05202).
   *
   * @param into rows half as wide
   */
  public void gate(GatedUnit unit, FloatRows into) {
    Team.compute(
        count,
        width,
        (from, to) -> {
          for (int row = from; row < to; row++) {
            switch (unit) {
              case SWIGLU -> swiglu(row, into);
              case GEGLU -> geglu(row, into);
            }
          }
        });
  }

  private void swiglu(int row, FloatRows into) {
    int half = into.width;
    for (int i = 0; i < half; i++) {
      float x = values[row * width + i];
      into.values[row * half + i] = x / (1 + exp(-x)) * values[row * width + half + i];
    }
  }

  // (1 + tanh(y)) / 2 is 1 / (1 + exp(−2y))
  private void geglu(int row, FloatRows into) {
    int half = into.width;
    for (int i = 0; i < half; i++) {
      float x = values[row * width + i];
      float twice = 1.5957692f * (x + 0.044715f * x * x * x);
      into.values[row * half + i] = x / (1 + exp(-twice)) * values[row * width + half + i];
    }
  }

  /** Softmax of an array in its place. */
  static void softmax(float[] values) {
    float largest = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      largest = value > largest ? value : largest;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = exp(values[i] - largest);
    }
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    float factor = (float) (1 / sum);
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor;
    }
  }

  /**
   * As {@link Lanes#exp}, but for products that are rounded before they are added. Its constants
   * are compiled in: where there are no vectors that class cannot be loaded.
   */
  static float exp(float x) {
    float inside =
        x < Lanes.EXP_FROM
            ? Lanes.EXP_FROM
            : x > Lanes.EXP_TO ? Lanes.EXP_TO : x; // Math.max is slow
    float shifted = inside * Lanes.LOG2_E + Lanes.SHIFT;
    float n = shifted - Lanes.SHIFT;
    float r = inside - n * Lanes.LN2_HIGH - n * Lanes.LN2_LOW;
    float p = 1.9875691e-4f;
    p = p * r + 1.3981999e-3f;
    p = p * r + 8.333452e-3f;
    p = p * r + 4.1665796e-2f;
    p = p * r + 1.6666666e-1f;
    p = p * r + 0.5f;
    p = p * (r * r) + r + 1;
    return Float.intBitsToFloat(
        Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(shifted) << 23));
  }
}
