package dev.palimpsest.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Element types that store every number by itself, little-endian. */
final class PlainFormats {
  static final VarHandle SHORTS = view(short[].class);
  static final VarHandle INTS = view(int[].class);
  private static final VarHandle LONGS = view(long[].class);

  static final BlockFormat F64 = new BlockFormat(1, 8, PlainFormats::f64);
  static final BlockFormat F32 = new BlockFormat(1, 4, PlainFormats::f32, PlainFormats::toF32);
  static final BlockFormat F16 = new BlockFormat(1, 2, PlainFormats::f16, PlainFormats::toF16);
  static final BlockFormat BF16 = new BlockFormat(1, 2, PlainFormats::bf16, PlainFormats::toBf16);

  private PlainFormats() {}

  private static VarHandle view(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
  }

  private static void f64(byte[] in, float[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = (float) Double.longBitsToDouble((long) LONGS.get(in, 8 * i));
    }
  }

  private static void f32(byte[] in, float[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = Float.intBitsToFloat((int) INTS.get(in, 4 * i));
    }
  }

  private static void f16(byte[] in, float[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = Float.float16ToFloat((short) SHORTS.get(in, 2 * i));
    }
  }

  private static void bf16(byte[] in, float[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = Float.intBitsToFloat((short) SHORTS.get(in, 2 * i) << 16);
    }
  }

  private static void toF32(float[] in, byte[] out, int count) {
    for (int i = 0; i < count; i++) {
      INTS.set(out, 4 * i, Float.floatToRawIntBits(in[i]));
    }
  }

  private static void toF16(float[] in, byte[] out, int count) {
    for (int i = 0; i < count; i++) {
      SHORTS.set(out, 2 * i, Float.floatToFloat16(in[i]));
    }
  }

  private static void toBf16(float[] in, byte[] out, int count) {
    for (int i = 0; i < count; i++) {
      SHORTS.set(out, 2 * i, Conversion.bfloat16(in[i]));
    }
  }

  /** The half-precision number at an offset, as the scales of quantised blocks are stored. */
  static float half(byte[] in, int at) {
    return Float.float16ToFloat((short) SHORTS.get(in, at));
  }
}
