package dev.palimpsest.tune;

import java.util.Arrays;

/**
 * The 256 numbers that an 8-bit code stands for: a sign, an exponent of base ten as long as it
 * needs to be, and a fraction in the bits that are left (Dettmers et al., 2110.02861). They are
 * those of bitsandbytes' {@code functional.create_dynamic_map}, and a code is the nearest one, as
 * in its Python formula and on its GPUs; its CPU library looks codes up in a coarser table.
 */
final class DynamicMap {
  private static final int EXPONENTS = 7;

  /** Of numbers from −1 to 1. */
  static final DynamicMap SIGNED = new DynamicMap(true);

  /** Of numbers from 0 to 1. */
  static final DynamicMap UNSIGNED = new DynamicMap(false);

  private final float[] values;

  /** Between neighbouring numbers; a code is the number of borders below. */
  private final float[] borders = new float[255];

  /** By the upper half of a float's bits: the code of the lowest number that begins so. */
  private final short[] lowest = new short[1 << 16];

  private DynamicMap(boolean signed) {
    values = values(signed);
    for (int i = 0; i < borders.length; i++) {
      borders[i] = (float) (((double) values[i] + values[i + 1]) / 2);
    }
    for (int upper = 0; upper < lowest.length; upper++) {
      boolean negative = upper >= 1 << 15;
      float first = Float.intBitsToFloat(upper << 16 | (negative ? 0xFFFF : 0));
      lowest[upper] = (short) searched(first);
    }
  }

  private static float[] values(boolean signed) {
    float[] values = new float[256];
    int count = 0;
    for (int i = 0; i < EXPONENTS; i++) {
      int steps = 1 << (signed ? i : i + 1);
      float scale = (float) Math.pow(10, i - (EXPONENTS - 1));
      for (int step = 0; step < steps; step++) {
        float mean = (border(step, steps) + border(step + 1, steps)) / 2;
        values[count++] = scale * mean;
        if (signed) {
          values[count++] = -scale * mean;
        }
      }
    }
    values[count++] = 0;
    values[count++] = 1;
    Arrays.sort(values);
    return values;
  }

  /** As torch.linspace has it in fp32: the upper half is counted from the end. */
  private static float border(int index, int steps) {
    float step = (1f - 0.1f) / steps;
    return index < (steps + 1) / 2 ? 0.1f + step * index : 1f - step * (steps - index);
  }

  private int searched(float value) {
    int code = 0;
    while (code < borders.length && value > borders[code]) {
      code++;
    }
    return code;
  }

  /** The number that a code stands for. */
  float value(byte code) {
    return values[code & 0xFF];
  }

  /** The code of the nearest number, the lower one of two. */
  byte code(float value) {
    int code = lowest[Float.floatToRawIntBits(value) >>> 16];
    while (code < borders.length && value > borders[code]) {
      code++;
    }
    return (byte) code;
  }
}
