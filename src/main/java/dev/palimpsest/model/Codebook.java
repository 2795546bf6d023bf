package dev.palimpsest.model;

import java.util.Arrays;

/**
 * Numbers in rising order from −1 to 1 that stand for those near them; bitsandbytes'
 * backends/default/ops.py. Between two neighbours the middle divides, itself belonging to the
 * lower.
 */
final class Codebook {
  /** QLoRA's 4-bit NormalFloat (2305.14314, appendix E), as bitsandbytes rounds it. */
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

  /** The signed 8-bit dynamic map (1511.04561): fewer bits of fraction for smaller numbers. */
  static final Codebook DYNAMIC = new Codebook(dynamic());

  private static final int BINS = 1 << 12;

  private final float[] values;
  private final float[] middles;
  private final short[] first = new short[BINS + 2];

  private Codebook(float... values) {
    this.values = values;
    this.middles = new float[values.length - 1];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = (values[i] + values[i + 1]) / 2;
    }
    int middle = 0;
    for (int bin = 0; bin < first.length; bin++) {
      while (middle < middles.length && bin(middles[middle]) < bin) {
        middle++;
      }
      first[bin] = (short) middle;
    }
  }

  /** What the codes stand for, by code; not to be changed. */
  float[] values() {
    return values;
  }

  /** The code of a number in [−1, 1]: how many middles lie below it. */
  int code(float value) {
    // the bin rises with the value, so that middles of lower bins are below, of higher ones above
    int code = first[bin(value)];
    while (code < middles.length && middles[code] < value) {
      code++;
    }
    return code;
  }

  private static int bin(float value) {
    return (int) ((value + 1) * (BINS / 2));
  }

  /** {@code create_dynamic_map} of bitsandbytes' functional.py, in its fp32. */
  private static float[] dynamic() {
    float[] values = new float[256];
    int count = 0;
    for (int exponent = 0; exponent < 7; exponent++) {
      int fractions = 1 << exponent;
      float power = (float) Math.pow(10, exponent - 6);
      for (int i = 0; i < fractions; i++) {
        float mean = (boundary(i, fractions) + boundary(i + 1, fractions)) / 2;
        values[count++] = power * mean;
        values[count++] = -(power * mean);
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
