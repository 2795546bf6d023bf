package dev.palimpsest.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Elements of tensors in vector registers, by their addresses; bf16 is widened on the way in. */
final class Lanes {
  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;
  private static final float SHIFT = 0x1.8p23f; // rounds to whole numbers in the lowest bits

  /** Elements that one register takes. */
  static final int COUNT = FLOATS.length();

  @SuppressWarnings("restricted") // a tensor's memory is libtorch's; kernels keep to its bounds
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private Lanes() {}

  static float getFloat(long address) {
    return ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
  }

  static void putFloat(float value, long address) {
    ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
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

  /** Rounds to the nearest bf16, ties to even; a NaN stays one. */
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
   * eˣ to about one unit in the last place, between 2⁻¹²⁶ and 2¹²⁷: x = n · ln 2 + r, and a
   * polynomial in r (Cephes' expf). The JDK's own calls a function for each register.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector inside = x.max(-87.3f).min(88f);
    FloatVector shifted = inside.mul(LOG2_E).add(SHIFT);
    FloatVector n = shifted.sub(SHIFT);
    FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), inside);
    r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(FLOATS, 1.9875691500e-4f);
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1.3981999507e-3f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 8.3334519073e-3f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 4.1665795894e-2f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1.6666665459e-1f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 5.0000001201e-1f));
    p = p.fma(r.mul(r), r).add(1);
    IntVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(power).reinterpretAsFloats();
  }
}
