package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Gated units and their gradients against the definition in fp64. */
class GatedUnitTest {
  private static final int ROWS = 33;

  private final int before = Native.threads();

  @AfterEach
  void threads() {
    Native.threads(before);
  }

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (GatedUnit unit : GatedUnit.values()) {
      for (DType type : List.of(DType.F32, DType.BF16)) {
        for (int width : new int[] {8, 20, 576, 1536, 521}) {
          cases.add(Arguments.of(unit, type, width));
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forward_anyWidth_isTheDefinition(GatedUnit unit, DType type, int width) {
    Native.threads(2);
    try (Scope _ = Scope.open()) {
      Tensor both = Gaussian.tensor(1, ROWS, 2L * width).timesInPlace(3).to(type);

      Tensor hidden = unit.forward(both);

      Defined defined = new Defined(unit, both, new double[ROWS * width]);
      assertThat(hidden.shape()).containsExactly(ROWS, width);
      assertClose(hidden, type, defined.hidden);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void backward_anyWidth_isTheDefinition(GatedUnit unit, DType type, int width) {
    Native.threads(2);
    try (Scope _ = Scope.open()) {
      Tensor both = Gaussian.tensor(1, ROWS, 2L * width).timesInPlace(3).to(type);
      float[] start = both.floats();
      Tensor byHidden = Gaussian.tensor(2, ROWS, width).to(type);

      Tensor byBoth = unit.backward(both, byHidden);

      Defined defined = new Defined(unit, both, byHidden.doubles());
      assertThat(byBoth.shape()).containsExactly(ROWS, 2L * width);
      assertClose(byBoth, type, defined.byBoth);
      assertThat(both.floats()).isEqualTo(start);
    }
  }

  /** The definition. */
  private static final class Defined {
    final double[] hidden;
    final double[] byBoth;

    Defined(GatedUnit unit, Tensor both, double[] byHidden) {
      double[] all = both.doubles();
      int width = (int) both.size(1) / 2;
      hidden = new double[all.length / 2];
      byBoth = new double[all.length];
      for (int i = 0; i < hidden.length; i++) {
        int at = i / width * 2 * width + i % width;
        double gate = all[at];
        double up = all[at + width];
        double[] activation = unit == GatedUnit.SWIGLU ? silu(gate) : gelu(gate);
        hidden[i] = activation[0] * up;
        byBoth[at] = byHidden[i] * up * activation[1];
        byBoth[at + width] = byHidden[i] * activation[0];
      }
    }

    // with its slope
    private static double[] silu(double x) {
      double share = 1 / (1 + Math.exp(-x));
      return new double[] {x * share, share + x * share * (1 - share)};
    }

    private static double[] gelu(double x) {
      double root = Math.sqrt(2 / Math.PI);
      double tanh = Math.tanh(root * (x + 0.044715 * x * x * x));
      double slope = (1 - tanh * tanh) * root * (1 + 3 * 0.044715 * x * x);
      return new double[] {x * (1 + tanh) / 2, (1 + tanh + x * slope) / 2};
    }
  }

  /** Relative to the largest. */
  private static void assertClose(Tensor tensor, DType type, double[] expected) {
    double[] found = tensor.doubles();
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      worst = Math.max(worst, Math.abs(found[i] - expected[i]));
    }
    assertThat(tensor.dtype()).isEqualTo(type);
    assertThat(found).hasSameSizeAs(expected);
    assertThat(worst).isLessThan((type == DType.F32 ? 1e-6 : 1e-2) * largest);
  }

  @ParameterizedTest
  @CsvSource({"F32, 200", "BF16, 200", "F32, 1e4"})
  void both_extremeGates_stayFinite(DType type, double gate) {
    try (Scope _ = Scope.open()) {
      float[] values = new float[4 * 20];
      for (int i = 0; i < values.length; i++) {
        boolean up = i % 40 >= 20;
        values[i] = (float) (up ? 1.5 : i % 2 == 0 ? gate : -gate);
      }
      Tensor both = Tensor.of(values, 2, 40).to(type);
      Tensor byHidden = Gaussian.tensor(2, 2, 20).to(type);

      Tensor hidden = GatedUnit.SWIGLU.forward(both);
      Tensor byBoth = GatedUnit.SWIGLU.backward(both, byHidden);

      Defined defined = new Defined(GatedUnit.SWIGLU, both, byHidden.doubles());
      assertClose(hidden, type, defined.hidden);
      assertClose(byBoth, type, defined.byBoth);
    }
  }

  @ParameterizedTest
  @EnumSource(GatedUnit.class)
  void forward_aRecordedInput_hasThisGradientByLibtorch(GatedUnit unit) {
    try (Scope _ = Scope.open()) {
      Tensor both = Gaussian.tensor(1, ROWS, 40).timesInPlace(3);
      Tensor byHidden = Gaussian.tensor(2, ROWS, 20);
      Tensor expected = unit.backward(both, byHidden);
      Tensor recorded = both.copy().requireGradient();

      Tensor hidden = unit.forward(recorded);
      hidden.backward(byHidden);

      Tensor gradient = recorded.gradient();
      assertThat(gradient).isNotNull();
      assertClose(hidden, DType.F32, unit.forward(both).doubles());
      assertClose(gradient, DType.F32, expected.doubles());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void swiglu_itsBits_doNotHangOnThreads(DType type) {
    try (Scope _ = Scope.open()) {
      Tensor both = Gaussian.tensor(1, ROWS, 2 * 576).timesInPlace(3).to(type);
      Tensor byHidden = Gaussian.tensor(2, ROWS, 576).to(type);
      Native.threads(1);
      float[] hidden = GatedUnit.SWIGLU.forward(both).floats();
      float[] byBoth = GatedUnit.SWIGLU.backward(both, byHidden).floats();
      Native.threads(2);

      assertThat(GatedUnit.SWIGLU.forward(both).floats()).isEqualTo(hidden);
      assertThat(GatedUnit.SWIGLU.backward(both, byHidden).floats()).isEqualTo(byBoth);
    }
  }
}
