package dev.palimpsest.model;

import java.util.Arrays;

/**
 * Numbers in rising order that stand for those near them; bitsandbytes' backends/default/ops.py.
 * Between two neighbours the middle divides, itself belonging to the lower.
 */
public final class Codebook {
  /** QLoRA's 4-bit NormalFloat (2305.14314, appendix E), as bitsandbytes rounds it; −1 to 1. */
  static final Codebook NF4 =
      new Codebook(
          -1f,
          -0.6961928f,
          -0.52507305f,
          -0.3949175f,
          -0.28444138f,
          -0.18477343f,
          -0.091050036f,
          0f,
          0.0795803f,
          0.1609302f,
          0.2461123f,
          0.33791524f,
          0.44070983f,
          0.562617f,
          0.72295684f,
          1f);

  /**
   * The 8-bit dynamic map (1511.04561, 2110.02861), −1 to 1: a sign, an exponent of base ten as
   * long as it needs to be, and a fraction in the bits that are left.
   */
  public static final Codebook DYNAMIC = new Codebook(dynamic(true));

  /** The same without a sign, 0 to 1. */
  public static final Codebook UNSIGNED_DYNAMIC = new Codebook(dynamic(false));

  private static final int EXPONENTS = 7;

  private final float[] values;
  private final float[] middles;

  /** By the upper half of a float's bits: the code of the lowest number that begins so. */
  private final short[] lowest = new short[1 << 16];

  private Codebook(float... values) {
    this.values = values;
    this.middles = new float[values.length - 1];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = (values[i] + values[i + 1]) / 2;
    }
    for (int upper = 0; upper < lowest.length; upper++) {
      boolean negative = upper >= 1 << 15;
      float first = Float.intBitsToFloat(upper << 16 | (negative ? 0xFFFF : 0));
      lowest[upper] = (short) risen(0, first);
    }
  }

  /** What the codes stand for, by code; not to be changed. */
  float[] values() {
    return values;
  }

  /** What a code stands for. */
  public float value(int code) {
    return values[code];
  }

  /** The code of the nearest number: how many middles lie below it. */
  public int code(float value) {
    return risen(lowest[Float.floatToRawIntBits(value) >>> 16], value);
  }

  private int risen(int from, float value) {
    int code = from;
    while (code < middles.length && middles[code] < value) {
      code++;
    }
    return code;
  }

  /** {@code create_dynamic_map} of bitsandbytes' functional.py, in its fp32. */
  private static float[] dynamic(boolean signed) {
    float[] values = new float[256];
    int count = 0;
    for (int exponent = 0; exponent < EXPONENTS; exponent++) {
      int fractions = 1 << (signed ? exponent : exponent + 1);
      float power = (float) Math.pow(10, exponent - (EXPONENTS - 1));
      for (int i = 0; i < fractions; i++) {
        float mean = (boundary(i, fractions) + boundary(i + 1, fractions)) / 2;
        values[count++] = power * mean;
        if (signed) {
          values[count++] = -(power * mean);
        }
      }
    }
    values[count++] = 0;
    values[count] = 1;
    Arrays.sort(values);
    return values;
  }

  /** torch.linspace(0.1, 1, parts + 1) in fp32, which counts from the nearer end. */
  private static float boundary(int index, int parts) {
    float step = (1 - 0.1f) / parts;
    return index < (parts + 1) / 2
        ? Math.fma(step, index, 0.1f)
        : Math.fma(-step, parts - index, 1f);
  }
}
