package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The norm and its gradient against the definition in fp64. */
class RmsNormTest {
  private static final int ROWS = 37;
  private static final double EPSILON = 0.1; // large enough to be seen

  private final int before = Native.threads();

  @AfterEach
  void threads() {
    Native.threads(before);
  }

  /** How a tensor lies in memory. */
  private enum Layout {
    ROWS_ALONE,
    ROWS_AMONG_OTHERS,
    HEADS_AMONG_OTHERS;

    Tensor of(Tensor all, int width) {
      return switch (this) {
        case ROWS_ALONE -> all.narrow(1, 0, width).contiguous();
        case ROWS_AMONG_OTHERS -> all.narrow(1, 2L * width, width);
        case HEADS_AMONG_OTHERS -> all.view(ROWS, 7, width).narrow(1, 2, 3);
      };
    }
  }

  private static Tensor random(long seed, int width, Layout layout, DType type) {
    return layout.of(Gaussian.tensor(seed, ROWS, 7L * width).to(type), width);
  }

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (int width : new int[] {8, 24, 576}) {
      for (DType type : List.of(DType.F32, DType.BF16)) {
        for (Layout layout : Layout.values()) {
          cases.add(Arguments.of(width, type, layout));
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_anyRows_isTheDefinition(int width, DType type, Layout layout) {
    Native.threads(2);
    try (Scope _ = Scope.open()) {
      Tensor x = random(1, width, layout, type);
      Tensor weight = Gaussian.tensor(2, width);

      RmsNorm.Normed wide = RmsNorm.of(x, weight, EPSILON, DType.F32);
      RmsNorm.Normed narrow = RmsNorm.of(x, weight, EPSILON, DType.BF16);

      double[] output = output(x.doubles(), weight.doubles());
      double[] inverse = inverse(x.doubles(), width);
      long[] reduced = x.shape();
      reduced[reduced.length - 1] = 1;
      assertThat(wide.output().shape()).isEqualTo(x.shape());
      assertThat(wide.norm().inverse().shape()).isEqualTo(reduced);
      assertClose(wide.output(), DType.F32, output, 1e-6);
      assertClose(narrow.output(), DType.BF16, output, 5e-3);
      assertClose(wide.norm().inverse(), DType.F32, inverse, 1e-6);
      assertClose(narrow.norm().inverse(), DType.F32, inverse, 1e-6);
    }
  }

  private static double[] inverse(double[] x, int width) {
    double[] inverse = new double[x.length / width];
    for (int row = 0; row < inverse.length; row++) {
      double sum = 0;
      for (int i = 0; i < width; i++) {
        sum += x[row * width + i] * x[row * width + i];
      }
      inverse[row] = 1 / Math.sqrt(sum / width + EPSILON);
    }
    return inverse;
  }

  private static double[] output(double[] x, double[] weight) {
    double[] inverse = inverse(x, weight.length);
    double[] output = new double[x.length];
    Arrays.setAll(output, i -> x[i] * inverse[i / weight.length] * weight[i % weight.length]);
    return output;
  }

  /** Relative to the largest. */
  private static void assertClose(Tensor tensor, DType type, double[] expected, double error) {
    double[] found = tensor.doubles();
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      worst = Math.max(worst, Math.abs(found[i] - expected[i]));
    }
    assertThat(tensor.dtype()).isEqualTo(type);
    assertThat(found).hasSameSizeAs(expected);
    assertThat(worst).isLessThan(error * largest);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void output_madeAgain_hasTheSameBits(int width, DType type, Layout layout) {
    try (Scope _ = Scope.open()) {
      Tensor weight = Gaussian.tensor(2, width);
      for (DType results : List.of(DType.F32, DType.BF16)) {
        RmsNorm.Normed normed =
            RmsNorm.of(random(1, width, layout, type), weight, EPSILON, results);

        Tensor again = normed.norm().output(weight, results);

        assertThat(again.dtype()).isEqualTo(results);
        assertThat(again.floats()).isEqualTo(normed.output().floats());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void addGradient_anyRows_addsTheDefinition(int width, DType type, Layout layout) {
    Native.threads(2);
    try (Scope _ = Scope.open()) {
      Tensor x = random(1, width, layout, type);
      Tensor weight = Gaussian.tensor(2, width);
      RmsNorm norm = RmsNorm.of(x, weight, EPSILON, DType.F32).norm();
      for (DType gradients : List.of(DType.F32, DType.BF16)) {
        Tensor gradient = random(3, width, layout, gradients);
        Tensor into = random(4, width, layout, DType.F32);
        double[] start = into.doubles();

        norm.addGradient(gradient, weight, into);

        double[] expected = gradient(x.doubles(), weight.doubles(), gradient.doubles());
        Arrays.setAll(expected, i -> expected[i] + start[i]);
        assertClose(into, DType.F32, expected, 1e-6);
      }
    }
  }

  private static double[] gradient(double[] x, double[] weight, double[] byOutput) {
    int width = weight.length;
    double[] inverse = inverse(x, width);
    double[] gradient = new double[x.length];
    for (int row = 0; row < inverse.length; row++) {
      double mean = 0;
      for (int i = 0; i < width; i++) {
        int at = row * width + i;
        mean += byOutput[at] * weight[i] * x[at] * inverse[row] / width;
      }
      for (int i = 0; i < width; i++) {
        int at = row * width + i;
        gradient[at] = inverse[row] * (byOutput[at] * weight[i] - x[at] * inverse[row] * mean);
      }
    }
    return gradient;
  }

  @Test
  void addGradient_amongOthers_leavesThemAsTheyAre() {
    try (Scope _ = Scope.open()) {
      int width = 24;
      Tensor x = random(1, width, Layout.HEADS_AMONG_OTHERS, DType.F32);
      Tensor weight = Gaussian.tensor(2, width);
      Tensor all = Tensor.zeros(DType.F32, ROWS, 7L * width).plusInPlace(5);
      Tensor into = Layout.HEADS_AMONG_OTHERS.of(all, width);

      RmsNorm.of(x, weight, EPSILON, DType.F32).norm().addGradient(x, weight, into);

      assertThat(all.narrow(1, 0, 2L * width).floats()).containsOnly(5);
      assertThat(all.narrow(1, 5L * width, 2L * width).floats()).containsOnly(5);
      assertThat(into.floats()).doesNotContain(5);
    }
  }

  @Test
  void of_itsBits_doNotHangOnThreads() {
    try (Scope _ = Scope.open()) {
      Tensor x = random(1, 576, Layout.ROWS_ALONE, DType.F32);
      Tensor weight = Gaussian.tensor(2, 576);
      Native.threads(1);
      float[] one = RmsNorm.of(x, weight, EPSILON, DType.F32).output().floats();
      Native.threads(2);
      float[] two = RmsNorm.of(x, weight, EPSILON, DType.F32).output().floats();

      assertThat(two).isEqualTo(one);
    }
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void of_aRecordedInput_isTheSameByLibtorch(Layout layout) {
    try (Scope _ = Scope.open()) {
      Tensor x = random(1, 24, layout, DType.F32);
      Tensor weight = Gaussian.tensor(2, 24);
      Tensor gradient = random(3, 24, layout, DType.F32);
      RmsNorm.Normed expected = RmsNorm.of(x, weight, EPSILON, DType.F32);
      Tensor byX = Tensor.zeros(DType.F32, x.shape());
      expected.norm().addGradient(gradient, weight, byX);
      Tensor recorded = x.detach().requireGradient();
      assertThat(recorded.recorded()).isTrue();

      RmsNorm.Normed found = RmsNorm.of(recorded, weight, EPSILON, DType.F32);
      Tensor again = found.norm().output(weight, DType.F32);
      Tensor added = Tensor.zeros(DType.F32, x.shape());
      found.norm().addGradient(gradient, weight, added);

      double[] output = expected.output().doubles();
      assertThat(found.output().recorded()).isTrue();
      assertClose(found.output(), DType.F32, output, 1e-6);
      assertClose(again, DType.F32, output, 1e-6);
      assertClose(added, DType.F32, byX.doubles(), 1e-6);
      assertClose(found.norm().inverse(), DType.F32, expected.norm().inverse().doubles(), 1e-6);
    }
  }
}
