package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products by oneDNN against libtorch's own in fp64. */
class OneDnnTest {
  private final int before = Native.threads();

  @AfterEach
  void threads() {
    Native.threads(before);
  }

  /** As it lies and turned, in one piece and in two, with fewer rows than outputs and more. */
  @ParameterizedTest
  @CsvSource({"64, 300, 500", "500, 300, 64", "33, 9000, 600", "600, 9000, 33"})
  void product_anyStrides_isTheProduct(int rows, int in, int out) {
    try (Scope _ = Scope.open()) {
      Tensor x = Gaussian.tensor(1, rows, in);
      Tensor turnedX = Gaussian.tensor(2, in, rows).transpose(0, 1);
      Tensor w = Gaussian.tensor(3, out, in);
      Tensor turnedW = Gaussian.tensor(4, in, out).transpose(0, 1);

      assertProduct(OneDnn.product(x, w), x, w);
      assertProduct(OneDnn.product(x, turnedW), x, turnedW);
      assertProduct(OneDnn.product(turnedX, w), turnedX, w);
      assertProduct(OneDnn.product(turnedX, turnedW), turnedX, turnedW);
    }
  }

  @Test
  void products_onSeveralThreads_areThose() {
    Native.threads(2);
    try (Scope _ = Scope.open()) {
      Tensor x = Gaussian.tensor(1, 64, 300);
      Tensor w = Gaussian.tensor(3, 500, 300);
      Tensor turned = w.transpose(0, 1);

      assertProduct(Functional.linear(x, w), x, w);
      assertProduct(x.matmul(turned), x, w);
      Tensor sum = Gaussian.tensor(5, 64, 500);
      Tensor start = sum.copy();
      assertProduct(sum.plusMatmulInPlace(x, turned).minus(start), x, w);
    }
  }

  private static void assertProduct(Tensor found, Tensor x, Tensor w) {
    Tensor expected = x.to(DType.F64).matmul(w.to(DType.F64).transpose(0, 1));
    double norm = expected.square().sum().item();
    double difference = found.to(DType.F64).minus(expected).square().sum().item();
    assertThat(found.shape()).isEqualTo(expected.shape());
    assertThat(Math.sqrt(difference / norm)).isLessThan(1e-5);
  }
}
