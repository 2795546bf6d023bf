package dev.palimpsest.model;

/**
 * Packs the quantised blocks of 32 numbers. Scale, codes and every rounding, in fp32, are those of
 * ggml's reference quantisers ({@code quantize_row_*_ref} in ggml-quants.c), bit for bit.
 */
final class QuantEncoders {
  private static final int SIZE = 32;
  private static final int HALF = SIZE / 2;

  private QuantEncoders() {}

  static void q40(float[] in, byte[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += SIZE, to += 18) {
      float d = extreme(in, from) / -8;
      putHalf(out, to, d);
      float inverse = inverse(d);
      for (int i = 0; i < HALF; i++) {
        int low = code(in[from + i] * inverse + 8.5f, 15);
        int high = code(in[from + HALF + i] * inverse + 8.5f, 15);
        out[to + 2 + i] = (byte) (low | (high << 4));
      }
    }
  }

  static void q41(float[] in, byte[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += SIZE, to += 20) {
      float least = least(in, from);
      float d = (most(in, from) - least) / 15;
      putHalf(out, to, d);
      putHalf(out, to + 2, least);
      float inverse = inverse(d);
      for (int i = 0; i < HALF; i++) {
        int low = code((in[from + i] - least) * inverse + 0.5f, 15);
        int high = code((in[from + HALF + i] - least) * inverse + 0.5f, 15);
        out[to + 4 + i] = (byte) (low | (high << 4));
      }
    }
  }

  static void q50(float[] in, byte[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += SIZE, to += 22) {
      float d = extreme(in, from) / -16;
      putHalf(out, to, d);
      float inverse = inverse(d);
      int fifth = 0;
      for (int i = 0; i < HALF; i++) {
        int low = code(in[from + i] * inverse + 16.5f, 31);
        int high = code(in[from + HALF + i] * inverse + 16.5f, 31);
        out[to + 6 + i] = (byte) ((low & 15) | ((high & 15) << 4));
        fifth |= (low >> 4) << i | (high >> 4) << (i + HALF);
      }
      PlainFormats.INTS.set(out, to + 2, fifth);
    }
  }

  static void q51(float[] in, byte[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += SIZE, to += 24) {
      float least = least(in, from);
      float d = (most(in, from) - least) / 31;
      putHalf(out, to, d);
      putHalf(out, to + 2, least);
      float inverse = inverse(d);
      int fifth = 0;
      for (int i = 0; i < HALF; i++) {
        int low = code((in[from + i] - least) * inverse + 0.5f, 31);
        int high = code((in[from + HALF + i] - least) * inverse + 0.5f, 31);
        out[to + 8 + i] = (byte) ((low & 15) | ((high & 15) << 4));
        fifth |= (low >> 4) << i | (high >> 4) << (i + HALF);
      }
      PlainFormats.INTS.set(out, to + 4, fifth);
    }
  }

  static void q80(float[] in, byte[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += SIZE, to += 34) {
      float d = Math.abs(extreme(in, from)) / 127;
      putHalf(out, to, d);
      float inverse = inverse(d);
      for (int i = 0; i < SIZE; i++) {
        float scaled = in[from + i] * inverse;
        // halves away from zero; the sum is exact, since a scaled value has at most 24 bits
        out[to + 2 + i] = (byte) (scaled < 0 ? -(int) (0.5 - scaled) : (int) (scaled + 0.5));
      }
    }
  }

  /** The number of the largest magnitude, the first of several, with its sign. */
  private static float extreme(float[] in, int from) {
    float largest = 0;
    float extreme = 0;
    for (int i = from; i < from + SIZE; i++) {
      if (largest < Math.abs(in[i])) {
        largest = Math.abs(in[i]);
        extreme = in[i];
      }
    }
    return extreme;
  }

  private static float least(float[] in, int from) {
    float least = in[from];
    for (int i = from + 1; i < from + SIZE; i++) {
      least = in[i] < least ? in[i] : least;
    }
    return least;
  }

  private static float most(float[] in, int from) {
    float most = in[from];
    for (int i = from + 1; i < from + SIZE; i++) {
      most = in[i] > most ? in[i] : most;
    }
    return most;
  }

  /** Nothing for a scale of nothing, and for one so small that F16 has zero for it anyway. */
  private static float inverse(float d) {
    float inverse = 1 / d;
    return Float.isFinite(inverse) ? inverse : 0;
  }

  private static int code(float shifted, int most) {
    return Math.min(most, (int) shifted);
  }

  static void putHalf(byte[] out, int at, float value) {
    PlainFormats.SHORTS.set(out, at, Float.floatToFloat16(value));
  }
}
