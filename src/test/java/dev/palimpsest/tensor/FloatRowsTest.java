package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is computed between products against the definition in fp64, and against libtorch. */
class FloatRowsTest {
  private static final int ROWS = 3;

  private static FloatRows rows(int width, double scale) {
    FloatRows rows = new FloatRows(ROWS, width);
    float[] values = Gaussian.values(1, rows.values().length);
    for (int i = 0; i < values.length; i++) {
      rows.values()[i] = (float) (scale * values[i]);
    }
    return rows;
  }

  private static void assertClose(float actual, double expected) {
    assertThat((double) actual).isCloseTo(expected, within(1e-7 + 1e-6 * Math.abs(expected)));
  }

  @Test
  void exp_isTheDefinition() {
    for (double x = -87; x < 88; x += 0.01) {
      double expected = Math.exp((float) x);
      assertThat(FloatRows.exp((float) x) / expected).isCloseTo(1, within(2e-7));
    }
    assertThat(FloatRows.exp(0)).isEqualTo(1);
    assertThat(FloatRows.exp(-1000)).isBetween(0f, 2e-38f);
    assertThat(FloatRows.exp(1000)).isGreaterThan(1e38f);
    assertThat(FloatRows.exp(Float.NaN)).isNaN();
  }

  @Test
  void normalise_partOfEachRow_isTheDefinition() {
    int width = 7 + 3 * 20 + 5;
    FloatRows x = rows(width, 3);
    float[] before = x.values().clone();
    float[] weight = Gaussian.values(2, 20);

    x.normalise(7, 3, weight, 1e-5, x);

    for (int row = 0; row < ROWS; row++) {
      for (int i = 0; i < width; i++) {
        int at = row * width + i;
        if (i < 7 || i >= 67) {
          assertThat(x.values()[at]).isEqualTo(before[at]);
          continue;
        }
        int from = row * width + 7 + (i - 7) / 20 * 20;
        double squares = 0;
        for (int k = from; k < from + 20; k++) {
          squares += (double) before[k] * before[k];
        }
        double expected = before[at] / Math.sqrt(squares / 20 + 1e-5) * weight[(i - 7) % 20];
        assertClose(x.values()[at], expected);
      }
    }
  }

  @Test
  void rotate_firstHeads_isLibtorchs() {
    int half = 4;
    FloatRows x = rows(3 * 2 * half, 1);
    float[] before = x.values().clone();
    float[] angles = Gaussian.values(3, (long) ROWS * half);
    float[] cosines = new float[angles.length];
    float[] sines = new float[angles.length];
    for (int i = 0; i < angles.length; i++) {
      cosines[i] = (float) Math.cos(angles[i]);
      sines[i] = (float) Math.sin(angles[i]);
    }

    x.rotate(2, cosines, sines);

    try (Scope _ = Scope.open()) {
      Tensor cos = Tensor.of(cosines, ROWS, half);
      Tensor sin = Tensor.of(sines, ROWS, half);
      Tensor heads = Tensor.of(before, ROWS, 3, 2 * half);
      float[] turned =
          Functional.rope(
                  heads.narrow(1, 0, 2),
                  Tensor.cat(1, List.of(cos, cos)).unsqueeze(1),
                  Tensor.cat(1, List.of(sin.times(-1), sin)).unsqueeze(1))
              .floats();
      for (int row = 0; row < ROWS; row++) {
        int at = row * 6 * half;
        assertThat(Arrays.copyOfRange(x.values(), at, at + 4 * half))
            .containsExactly(
                Arrays.copyOfRange(turned, row * 4 * half, (row + 1) * 4 * half), within(1e-6f));
        assertThat(Arrays.copyOfRange(x.values(), at + 4 * half, at + 6 * half))
            .containsExactly(Arrays.copyOfRange(before, at + 4 * half, at + 6 * half));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void gate_isLibtorchs(GatedUnit unit) {
    int width = 200;
    FloatRows both = rows(2 * width, 5);
    both.values()[0] = -200;
    both.values()[1] = 200;
    FloatRows gated = new FloatRows(ROWS, width);

    both.gate(unit, gated);

    try (Scope _ = Scope.open()) {
      Tensor tensor = Tensor.of(both.values(), ROWS, 2 * width).to(DType.F64);
      double[] expected =
          unit.activation(tensor.narrow(1, 0, width))
              .times(tensor.narrow(1, width, width))
              .doubles();
      for (int i = 0; i < expected.length; i++) {
        assertThat((double) gated.values()[i])
            .isCloseTo(expected[i], within(1e-6 * (1 + Math.abs(expected[i]))));
      }
    }
  }

  @Test
  void softmax_isTheDefinition() {
    float[] values = Gaussian.values(4, 101);
    values[3] = -90;
    double sum = 0;
    for (float value : values) {
      sum += Math.exp(value);
    }
    float[] weights = values.clone();

    FloatRows.softmax(weights);

    for (int i = 0; i < values.length; i++) {
      assertClose(weights[i], Math.exp(values[i]) / sum);
    }
  }

  /** Every upper half of a float, with lower halves that round down, up, and to even. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff})
  void in_bf16_roundsAsLibtorch(int lower) {
    FloatRows all = new FloatRows(1 << 8, 1 << 8);
    for (int i = 0; i < all.values().length; i++) {
      all.values()[i] = Float.intBitsToFloat(i << 16 | lower);
    }
    try (Scope _ = Scope.open()) {
      Tensor expected = Tensor.of(all.values(), all.count(), all.width()).to(DType.BF16);

      Tensor actual = all.in(FloatRows.Copy.zeros(DType.BF16, all.count(), all.width()));

      short[] bits = actual.segment().toArray(ValueLayout.JAVA_SHORT);
      short[] wanted = expected.segment().toArray(ValueLayout.JAVA_SHORT);
      for (int i = 0; i < bits.length; i++) {
        if (Float.isNaN(all.values()[i])) {
          assertThat(Float.intBitsToFloat(bits[i] << 16)).isNaN();
        } else {
          assertThat(bits[i]).as(Integer.toHexString(i)).isEqualTo(wanted[i]);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16"})
  void read_whatIsInACopy_isTheSame(DType type) {
    FloatRows rows = rows(50, 1);
    try (Scope _ = Scope.open()) {
      Tensor copy = rows.in(FloatRows.Copy.zeros(type, ROWS, 50));
      FloatRows again = new FloatRows(ROWS, 50);

      again.read(copy);

      assertThat(again.values()).containsExactly(copy.floats());
      again.plus(rows);
      assertThat(again.values()[7]).isEqualTo(copy.floats()[7] + rows.values()[7]);
    }
  }
}
