package dev.palimpsest.model;

import java.util.Arrays;

/**
 * Packs the "K" quantisations. The searches for scales, every sum in fp32 and in this order, are
 * those of ggml's reference quantisers ({@code quantize_row_q4_K_ref} and its like in
 * ggml-quants.c), bit for bit.
 */
final class SuperBlockEncoders {
  private static final int SIZE = 256;
  private static final int PART = 32;
  private static final int PARTS = SIZE / PART;
  private static final int SIXTEENTHS = SIZE / SixBitSearch.SIZE;

  private SuperBlockEncoders() {}

  static void q4k(float[] in, byte[] out, int blocks) {
    ScaleAndMinimum search = new ScaleAndMinimum(15, -1, 20);
    int[] codes = new int[SIZE];
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += SIZE, to += 144) {
      codes(search, in, from, out, to, codes);
      for (int i = 0; i < SIZE / 2; i++) {
        int low = i / PART * 2 * PART + i % PART;
        out[to + 16 + i] = (byte) (codes[low] | (codes[low + PART] << 4));
      }
    }
  }

  static void q5k(float[] in, byte[] out, int blocks) {
    ScaleAndMinimum search = new ScaleAndMinimum(31, -0.5f, 15);
    int[] codes = new int[SIZE];
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += SIZE, to += 176) {
      codes(search, in, from, out, to, codes);
      for (int i = 0; i < SIZE / 2; i++) {
        int low = i / PART * 2 * PART + i % PART;
        out[to + 48 + i] = (byte) ((codes[low] & 15) | ((codes[low + PART] & 15) << 4));
      }
      for (int i = 0; i < PART; i++) {
        int fifths = 0;
        for (int part = 0; part < PARTS; part++) {
          fifths |= (codes[part * PART + i] >> 4) << part;
        }
        out[to + 16 + i] = (byte) fifths;
      }
    }
  }

  /** Writes the scales of a block of Q4_K or Q5_K, and finds its codes. */
  private static void codes(
      ScaleAndMinimum search, float[] in, int from, byte[] out, int to, int[] codes) {
    float[] scales = new float[PARTS];
    float[] depths = new float[PARTS];
    float largestScale = 0;
    float largestDepth = 0;
    for (int part = 0; part < PARTS; part++) {
      search.find(in, from + part * PART, codes, part * PART);
      scales[part] = search.scale();
      depths[part] = search.depth();
      largestScale = Math.max(largestScale, scales[part]);
      largestDepth = Math.max(largestDepth, depths[part]);
    }
    QuantEncoders.putHalf(out, to, largestScale / 63);
    QuantEncoders.putHalf(out, to + 2, largestDepth / 63);
    int[] sixBitScales = sixBit(scales, largestScale);
    int[] sixBitDepths = sixBit(depths, largestDepth);
    putSixBits(out, to + 4, sixBitScales, sixBitDepths);
    float d = PlainFormats.half(out, to);
    float least = PlainFormats.half(out, to + 2);
    for (int part = 0; part < PARTS; part++) {
      float scale = d * sixBitScales[part];
      float depth = least * sixBitDepths[part];
      if (scale == 0) {
        continue; // the codes of the search stay
      }
      for (int i = part * PART; i < (part + 1) * PART; i++) {
        int code = SixBitSearch.nearest((in[from + i] + depth) / scale);
        codes[i] = Math.clamp(code, 0, search.largest());
      }
    }
  }

  private static int[] sixBit(float[] values, float largest) {
    float inverse = largest > 0 ? 63 / largest : 0;
    int[] codes = new int[values.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = Math.min(63, SixBitSearch.nearest(inverse * values[i]) & 0xFF) & 63;
    }
    return codes;
  }

  /** Eight scales and eight minima in 12 bytes; the inverse is in {@link SuperBlockFormats}. */
  private static void putSixBits(byte[] out, int at, int[] scales, int[] minima) {
    for (int i = 0; i < 4; i++) {
      int scale = scales[i + 4];
      int minimum = minima[i + 4];
      out[at + i] = (byte) (scales[i] | (scale >> 4 << 6));
      out[at + 4 + i] = (byte) (minima[i] | (minimum >> 4 << 6));
      out[at + 8 + i] = (byte) ((scale & 15) | ((minimum & 15) << 4));
    }
  }

  static void q6k(float[] in, byte[] out, int blocks) {
    SixBitSearch search = new SixBitSearch();
    int[] codes = new int[SIZE];
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += SIZE, to += 210) {
      if (!sixBitCodes(search, in, from, out, to, codes)) {
        Arrays.fill(out, to, to + 210, (byte) 0);
        continue;
      }
      for (int half = 0; half < 2; half++) {
        for (int i = 0; i < PART; i++) {
          int at = half * 4 * PART + i;
          int a = codes[at];
          int b = codes[at + PART];
          int c = codes[at + 2 * PART];
          int d = codes[at + 3 * PART];
          out[to + half * 64 + i] = (byte) ((a & 15) | ((c & 15) << 4));
          out[to + half * 64 + PART + i] = (byte) ((b & 15) | ((d & 15) << 4));
          out[to + 128 + half * PART + i] =
              (byte) (a >> 4 | (b >> 4 << 2) | (c >> 4 << 4) | (d >> 4 << 6));
        }
      }
    }
  }

  /** Writes the scales of a block of Q6_K and finds its codes; false for a block of nothing. */
  private static boolean sixBitCodes(
      SixBitSearch search, float[] in, int from, byte[] out, int to, int[] codes) {
    float[] scales = new float[SIXTEENTHS];
    float extreme = 0;
    for (int part = 0; part < SIXTEENTHS; part++) {
      int at = part * SixBitSearch.SIZE;
      scales[part] = search.find(in, from + at, codes, at);
      extreme = Math.abs(scales[part]) > Math.abs(extreme) ? scales[part] : extreme;
    }
    if (Math.abs(extreme) < SixBitSearch.NOTHING) {
      return false;
    }
    float inverse = -128 / extreme;
    QuantEncoders.putHalf(out, to + 208, 1 / inverse);
    float d = PlainFormats.half(out, to + 208);
    for (int part = 0; part < SIXTEENTHS; part++) {
      int code = Math.min(127, SixBitSearch.nearest(inverse * scales[part]));
      out[to + 192 + part] = (byte) code;
      float scale = d * code;
      if (scale == 0) {
        continue; // the codes of the search stay
      }
      for (int i = part * SixBitSearch.SIZE; i < (part + 1) * SixBitSearch.SIZE; i++) {
        codes[i] = Math.clamp(SixBitSearch.nearest(in[from + i] / scale), -32, 31) + 32;
      }
    }
    return true;
  }
}
