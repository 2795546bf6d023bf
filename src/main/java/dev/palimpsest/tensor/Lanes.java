package dev.palimpsest.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Elements of tensors in vector registers, by their addresses; bf16 is widened on the way in. */
final class Lanes {
  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private static final VectorShuffle<Float> BY_HALF = rotation(2);
  private static final VectorShuffle<Float> BY_QUARTER = rotation(4);
  private static final VectorShuffle<Float> BY_EIGHTH = rotation(8);
  private static final VectorShuffle<Float> BY_SIXTEENTH = rotation(16);

  static final float EXP_FROM = -87.3f; // of exp's arguments
  static final float EXP_TO = 88f;
  static final float LOG2_E = 1.442695f;
  static final float LN2_HIGH = 0.6933594f;
  static final float LN2_LOW = -2.1219444E-4f;
  static final float SHIFT = 0x1.8p23f; // rounds to whole numbers in the lowest bits

  /** Elements that one register takes. */
  static final int COUNT = FLOATS.length();

  @SuppressWarnings("restricted") // a tensor's memory is libtorch's; kernels keep to its bounds
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private Lanes() {}

  private static VectorShuffle<Float> rotation(int part) {
    return VectorShuffle.iota(FLOATS, FLOATS.length() / part, 1, true);
  }

  static float getFloat(long address) {
    return ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
  }

  static void putFloat(float value, long address) {
    ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
  }

  static float getNarrow(long address) {
    return Float.intBitsToFloat(ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address) << 16);
  }

  /** Rounds as the vector does. */
  static void putNarrow(float value, long address) {
    int bits = Float.floatToRawIntBits(value);
    short rounded = (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, rounded);
  }

  static FloatVector wide(long address) {
    return FloatVector.fromMemorySegment(FLOATS, ALL, address, ORDER);
  }

  static void putWide(FloatVector values, long address) {
    values.intoMemorySegment(ALL, address, ORDER);
  }

  static FloatVector narrow(long address) {
    var bits = ShortVector.fromMemorySegment(SHORTS, ALL, address, ORDER);
    return ((IntVector) bits.convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
        .lanewise(VectorOperators.LSHL, 16)
        .reinterpretAsFloats();
  }

  /** Rounds to the nearest bf16, ties to even; a NaN that arithmetic makes stays one. */
  static void putNarrow(FloatVector values, long address) {
    IntVector bits = values.reinterpretAsInts();
    IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).lanewise(VectorOperators.AND, 1);
    bits.add(odd)
        .add(0x7fff)
        .lanewise(VectorOperators.LSHR, 16)
        .convertShape(VectorOperators.I2S, SHORTS, 0)
        .reinterpretAsShorts()
        .intoMemorySegment(ALL, address, ORDER);
  }

  /**
   * The sum of a register's elements, in the same order whoever computes: the JDK's own has one
   * order before C2 has compiled it, and another after.
   */
  static float sum(FloatVector values) {
    FloatVector sum = values.add(values.rearrange(BY_HALF));
    sum = sum.add(sum.rearrange(BY_QUARTER));
    sum = sum.add(sum.rearrange(BY_EIGHTH));
    if (COUNT > 8) {
      sum = sum.add(sum.rearrange(BY_SIXTEENTH));
    }
    return sum.lane(0);
  }

  /** Adds the elements of an array to those of another of its length. */
  static void add(float[] values, float[] into) {
    for (int i = 0; i < into.length; i++) {
      into[i] += values[i];
    }
  }

  /** Σ a · b of so many elements of two arrays, from a place on in each. */
  static float dot(float[] a, int from, float[] b, int at, int length) {
    FloatVector sums = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= length - COUNT; i += COUNT) {
      FloatVector left = FloatVector.fromArray(FLOATS, a, from + i);
      sums = left.fma(FloatVector.fromArray(FLOATS, b, at + i), sums);
    }
    float sum = sum(sums);
    for (; i < length; i++) {
      sum += a[from + i] * b[at + i];
    }
    return sum;
  }

  /**
   * eˣ to about one unit in the last place, between 2⁻¹²⁶ and 2¹²⁷: x = n · ln 2 + r, and a
   * polynomial in r (Cephes' expf). The JDK's own calls a function for each register, and its least
   * and largest of two take three times as long as a comparison.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector inside = x.blend(EXP_FROM, x.compare(VectorOperators.LT, EXP_FROM));
    inside = inside.blend(EXP_TO, inside.compare(VectorOperators.GT, EXP_TO));
    FloatVector shifted = inside.mul(LOG2_E).add(SHIFT);
    FloatVector n = shifted.sub(SHIFT);
    FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), inside);
    r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(FLOATS, 1.9875691e-4f);
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1.3981999e-3f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 8.333452e-3f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 4.1665796e-2f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1.6666666e-1f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 0.5f));
    p = p.fma(r.mul(r), r).add(1);
    IntVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(power).reinterpretAsFloats();
  }

  // the next ones take some elements of an array, whole registers

  /** The largest element; NaN may be passed over. */
  static float most(float[] values, int from, int to) {
    FloatVector most = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    for (int i = from; i < to; i += COUNT) {
      FloatVector each = FloatVector.fromArray(FLOATS, values, i);
      most = most.blend(each, each.compare(VectorOperators.GT, most));
    }
    return most.reduceLanes(VectorOperators.MAX);
  }

  /** exp(scale · x − less), where the largest product may be what is subtracted: not fused. */
  static void exponentials(float[] values, int from, int to, float scale, float less) {
    for (int i = from; i < to; i += COUNT) {
      FloatVector each = FloatVector.fromArray(FLOATS, values, i);
      exp(each.mul(scale).sub(less)).intoArray(values, i);
    }
  }

  static float sum(float[] values, int from, int to) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int i = from; i < to; i += COUNT) {
      sum = sum.add(FloatVector.fromArray(FLOATS, values, i));
    }
    return sum(sum);
  }

  static void scale(float[] values, int from, int to, float by) {
    for (int i = from; i < to; i += COUNT) {
      FloatVector.fromArray(FLOATS, values, i).mul(by).intoArray(values, i);
    }
  }
}
