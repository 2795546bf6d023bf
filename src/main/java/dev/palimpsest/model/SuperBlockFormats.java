package dev.palimpsest.model;

/**
 * The "K" quantisations: super-blocks of 256 numbers whose parts have small integer scales of their
 * own. The arithmetic, in fp32 and in this order, is that of gguf-py's {@code quants.py}.
 */
final class SuperBlockFormats {
  private static final int SIZE = 256;
  private static final int PART = 32;

  static final BlockFormat Q4_K =
      new BlockFormat(SIZE, 2 + 2 + 12 + 128, SuperBlockFormats::q4k, SuperBlockEncoders::q4k);
  static final BlockFormat Q5_K =
      new BlockFormat(SIZE, 2 + 2 + 12 + 32 + 128, SuperBlockFormats::q5k, SuperBlockEncoders::q5k);
  static final BlockFormat Q6_K =
      new BlockFormat(SIZE, 128 + 64 + 16 + 2, SuperBlockFormats::q6k, SuperBlockEncoders::q6k);

  private SuperBlockFormats() {}

  private static void q4k(byte[] in, float[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += 144, to += SIZE) {
      float d = PlainFormats.half(in, from);
      float dmin = PlainFormats.half(in, from + 2);
      for (int part = 0; part < 8; part++) {
        float scale = d * scale(in, from + 4, part);
        float minimum = dmin * minimum(in, from + 4, part);
        int codes = from + 16 + part / 2 * PART;
        int shift = part % 2 * 4;
        for (int i = 0; i < PART; i++) {
          out[to + part * PART + i] = scale * ((in[codes + i] >> shift) & 15) - minimum;
        }
      }
    }
  }

  private static void q5k(byte[] in, float[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += 176, to += SIZE) {
      float d = PlainFormats.half(in, from);
      float dmin = PlainFormats.half(in, from + 2);
      for (int part = 0; part < 8; part++) {
        float scale = d * scale(in, from + 4, part);
        float minimum = dmin * minimum(in, from + 4, part);
        int codes = from + 48 + part / 2 * PART;
        int shift = part % 2 * 4;
        for (int i = 0; i < PART; i++) {
          int fifth = ((in[from + 16 + i] >> part) & 1) << 4;
          out[to + part * PART + i] = scale * (((in[codes + i] >> shift) & 15) | fifth) - minimum;
        }
      }
    }
  }

  private static void q6k(byte[] in, float[] out, int blocks) {
    for (int block = 0, from = 0, to = 0; block < blocks; block++, from += 210, to += SIZE) {
      float d = PlainFormats.half(in, from + 208);
      for (int part = 0; part < 8; part++) {
        // parts 0 to 3 lie in the first 64 low bytes and 32 high bytes, parts 4 to 7 in the second
        int low = from + part / 4 * 64 + part % 2 * PART;
        int high = from + 128 + part / 4 * PART;
        int lowShift = part % 4 / 2 * 4;
        int highShift = part % 4 * 2;
        float first = d * in[from + 192 + 2 * part];
        float second = d * in[from + 192 + 2 * part + 1];
        for (int i = 0; i < PART; i++) {
          int code =
              (((in[low + i] >> lowShift) & 15) | (((in[high + i] >> highShift) & 3) << 4)) - 32;
          out[to + part * PART + i] = (i < 16 ? first : second) * code;
        }
      }
    }
  }

  /** The 6-bit scale of a part: eight scales and eight minima are packed in 12 bytes. */
  private static int scale(byte[] in, int at, int part) {
    return part < 4
        ? in[at + part] & 63
        : (in[at + 4 + part] & 15) | (((in[at + part - 4] & 0xFF) >> 2) & 0x30);
  }

  private static int minimum(byte[] in, int at, int part) {
    return part < 4
        ? in[at + 4 + part] & 63
        : ((in[at + 4 + part] & 0xFF) >> 4) | (((in[at + part] & 0xFF) >> 2) & 0x30);
  }
}
