package dev.palimpsest.model;

/**
 * The quantised blocks of 32 numbers: one scale d (and for the "_1" types one minimum m), both F16,
 * with 4, 5 or 8 bits a number. Low nibbles hold the first half of a block, high nibbles the
 * second. The arithmetic, in fp32 and in this order, is that of gguf-py's {@code quants.py}.
 */
final class QuantFormats {
  private static final int SIZE = 32;
  private static final int HALF = SIZE / 2;

  static final BlockFormat Q4_0 =
      new BlockFormat(SIZE, 2 + 16, QuantFormats::q40, QuantEncoders::q40);
  static final BlockFormat Q4_1 =
      new BlockFormat(SIZE, 4 + 16, QuantFormats::q41, QuantEncoders::q41);
  static final BlockFormat Q5_0 =
      new BlockFormat(SIZE, 2 + 4 + 16, QuantFormats::q50, QuantEncoders::q50);
  static final BlockFormat Q5_1 =
      new BlockFormat(SIZE, 4 + 4 + 16, QuantFormats::q51, QuantEncoders::q51);
  static final BlockFormat Q8_0 =
      new BlockFormat(SIZE, 2 + 32, QuantFormats::q80, QuantEncoders::q80);

  private QuantFormats() {}

  private static void q40(byte[] in, float[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += 18, to += SIZE) {
      float d = PlainFormats.half(in, from);
      for (int i = 0; i < HALF; i++) {
        int pair = in[from + 2 + i];
        out[to + i] = d * ((pair & 15) - 8);
        out[to + HALF + i] = d * (((pair >> 4) & 15) - 8);
      }
    }
  }

  private static void q41(byte[] in, float[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += 20, to += SIZE) {
      float d = PlainFormats.half(in, from);
      float m = PlainFormats.half(in, from + 2);
      for (int i = 0; i < HALF; i++) {
        int pair = in[from + 4 + i];
        out[to + i] = d * (pair & 15) + m;
        out[to + HALF + i] = d * ((pair >> 4) & 15) + m;
      }
    }
  }

  private static void q50(byte[] in, float[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += 22, to += SIZE) {
      float d = PlainFormats.half(in, from);
      int fifth = (int) PlainFormats.INTS.get(in, from + 2);
      for (int i = 0; i < HALF; i++) {
        int pair = in[from + 6 + i];
        out[to + i] = d * (((pair & 15) | (((fifth >>> i) & 1) << 4)) - 16);
        out[to + HALF + i] = d * ((((pair >> 4) & 15) | (((fifth >>> (i + HALF)) & 1) << 4)) - 16);
      }
    }
  }

  private static void q51(byte[] in, float[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += 24, to += SIZE) {
      float d = PlainFormats.half(in, from);
      float m = PlainFormats.half(in, from + 2);
      int fifth = (int) PlainFormats.INTS.get(in, from + 4);
      for (int i = 0; i < HALF; i++) {
        int pair = in[from + 8 + i];
        out[to + i] = d * ((pair & 15) | (((fifth >>> i) & 1) << 4)) + m;
        out[to + HALF + i] = d * (((pair >> 4) & 15) | (((fifth >>> (i + HALF)) & 1) << 4)) + m;
      }
    }
  }

  private static void q80(byte[] in, float[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += 34, to += SIZE) {
      float d = PlainFormats.half(in, from);
      for (int i = 0; i < SIZE; i++) {
        out[to + i] = in[from + 2 + i] * d;
      }
    }
  }
}
