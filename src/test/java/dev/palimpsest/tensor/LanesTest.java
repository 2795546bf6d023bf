package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.ValueLayout;
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledIf("dev.palimpsest.tensor.Cpu#hasVectors")
class LanesTest {

  private static float exp(float x) {
    return Lanes.exp(FloatVector.broadcast(Lanes.FLOATS, x)).lane(Lanes.COUNT - 1);
  }

  @Test
  void exp_ofManyNumbers_isCloseToMaths() {
    double worst = 0;
    float[] x = new float[Lanes.COUNT];
    for (float first = -80; first < 80; first += 0.0137f * Lanes.COUNT) {
      for (int i = 0; i < x.length; i++) {
        x[i] = Math.min(80, first + 0.0137f * i);
      }
      float[] found = Lanes.exp(FloatVector.fromArray(Lanes.FLOATS, x, 0)).toArray();
      for (int i = 0; i < x.length; i++) {
        double expected = Math.exp(x[i]);
        worst = Math.max(worst, Math.abs(found[i] - expected) / expected);
      }
    }

    assertThat(worst).isLessThan(2e-7);
    assertThat(exp(0)).isEqualTo(1);
  }

  @Test
  void exp_ofLargeNumbers_staysWhereItEnds() {
    float least = exp(-1000);
    float most = exp(1000);

    assertThat(least).isBetween(0f, 1e-37f).isLessThanOrEqualTo(exp(-87));
    assertThat(most).isBetween(exp(87.9f), Float.MAX_VALUE);
    assertThat(exp(-88)).isEqualTo(least);
    assertThat(exp(-Float.MAX_VALUE)).isEqualTo(least);
    assertThat(exp(Float.NEGATIVE_INFINITY)).isEqualTo(least);
    assertThat(exp(89)).isEqualTo(most);
    assertThat(exp(Float.POSITIVE_INFINITY)).isEqualTo(most);
    assertThat(exp(Float.NaN)).isNaN();
  }

  @Test
  void exp_ofGrowingNumbers_grows() {
    float last = 0;
    for (float x = -100; x < 100; x += 0.01f) {
      float next = exp(x);
      assertThat(next).isGreaterThanOrEqualTo(last);
      last = next;
    }
  }

  private static float[] random(long seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * Math.exp(random.nextInt(20)));
    }
    return values;
  }

  /** So often that C2 compiles it meanwhile. */
  @Test
  void sum_ofARegister_isThatByHalves() {
    for (int round = 0; round < 20_000; round++) {
      float[] values = random(round, Lanes.COUNT);
      float[] sums = values.clone();
      for (int half = Lanes.COUNT / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
          sums[i] += sums[i + half];
        }
      }

      float found = Lanes.sum(FloatVector.fromArray(Lanes.FLOATS, values, 0));

      if (found != sums[0]) { // asserting each takes long
        assertThat(found).as("round %s", round).isEqualTo(sums[0]);
      }
    }
  }

  @Test
  void dot_ofAnyLength_isTheProduct() {
    float[] a = random(1, 50);
    float[] b = random(2, 50);
    for (int length = 0; length <= 40; length++) {
      double sum = 0;
      double size = 0;
      for (int i = 0; i < length; i++) {
        double product = (double) a[3 + i] * b[7 + i];
        sum += product;
        size += Math.abs(product);
      }

      float found = Lanes.dot(a, 3, b, 7, length);

      assertThat((double) found).as("length %s", length).isCloseTo(sum, within(1e-6 * size));
    }
  }

  /** Ties to both sides and those beside them, of all sizes and both signs; no NaN. */
  private static float[] numbers() {
    Random random = new Random(5);
    float[] all = new float[64 * Lanes.COUNT];
    int[] ends = {0x7fff, 0x8000, 0x8001, 0, 0xffff};
    for (int i = 0; i < all.length; i++) {
      int bits = random.nextInt() & 0xbfff0000; // finite
      all[i] = Float.intBitsToFloat(bits | ends[i % ends.length]);
    }
    float[] special = {
      0f,
      -0f,
      1f,
      Float.MIN_VALUE,
      Float.MIN_NORMAL,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY
    };
    System.arraycopy(special, 0, all, 0, special.length);
    return all;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void putNarrow_anyNumber_roundsAsLibtorchDoes(boolean byVectors) {
    try (Scope _ = Scope.open()) {
      float[] values = numbers();
      Tensor found = Tensor.empty(DType.BF16, values.length);
      Tensor expected = Tensor.of(values, values.length).to(DType.BF16);

      for (int i = 0; i < values.length; i += byVectors ? Lanes.COUNT : 1) {
        long address = found.address() + 2L * i;
        if (byVectors) {
          Lanes.putNarrow(FloatVector.fromArray(Lanes.FLOATS, values, i), address);
        } else {
          Lanes.putNarrow(values[i], address);
        }
      }

      assertThat(shorts(found)).containsExactly(shorts(expected));
    }
  }

  private static short[] shorts(Tensor tensor) {
    return tensor.segment().toArray(ValueLayout.JAVA_SHORT);
  }

  @Test
  void putNarrow_notANumber_staysOne() {
    try (Scope _ = Scope.open()) {
      Tensor found = Tensor.empty(DType.BF16, Lanes.COUNT + 1);
      for (int bits : new int[] {0x7fc00000, 0xffc00000}) { // Java's, and the processor's
        float value = Float.intBitsToFloat(bits);

        Lanes.putNarrow(FloatVector.broadcast(Lanes.FLOATS, value), found.address());
        Lanes.putNarrow(value, found.address() + 2L * Lanes.COUNT);

        assertThat(found.floats()).containsOnly(Float.NaN);
      }
    }
  }

  @Test
  void narrow_whatWasPut_isWidened() {
    try (Scope _ = Scope.open()) {
      Tensor tensor = Tensor.of(numbers(), 64L * Lanes.COUNT).to(DType.BF16);
      float[] expected = tensor.floats();
      float[] byVectors = new float[expected.length];
      float[] each = new float[expected.length];

      for (int i = 0; i < expected.length; i += Lanes.COUNT) {
        Lanes.narrow(tensor.address() + 2L * i).intoArray(byVectors, i);
      }
      for (int i = 0; i < expected.length; i++) {
        each[i] = Lanes.getNarrow(tensor.address() + 2L * i);
      }

      assertThat(byVectors).isEqualTo(expected);
      assertThat(each).isEqualTo(expected);
    }
  }

  @Test
  void putWide_aRegister_isReadBack() {
    try (Scope _ = Scope.open()) {
      Tensor tensor = Tensor.zeros(DType.F32, Lanes.COUNT + 2);
      float[] values = random(1, Lanes.COUNT);

      Lanes.putWide(FloatVector.fromArray(Lanes.FLOATS, values, 0), tensor.address() + 4);

      assertThat(Lanes.wide(tensor.address() + 4).toArray()).containsExactly(values);
      assertThat(Lanes.getFloat(tensor.address() + 8)).isEqualTo(values[1]);
      assertThat(Lanes.getFloat(tensor.address())).isZero();
      assertThat(Lanes.getFloat(tensor.address() + 4L * Lanes.COUNT + 4)).isZero();
    }
  }
}
