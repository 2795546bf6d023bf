package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** C + A · B against libtorch's own in fp64. */
class SgemmTest {
  private final int before = Native.threads();

  @AfterEach
  void threads() {
    Native.threads(before);
  }

  /** Tall and wide, on one thread, several, and more than there are rows; a share of C alone. */
  @ParameterizedTest
  @CsvSource({"500, 33, 64, 2", "64, 33, 500, 2", "40, 300, 40, 1", "3, 7, 2, 5", "1, 4, 1, 3"})
  void add_anyStrides_addsTheProduct(int rows, int inner, int columns, int threads) {
    Native.threads(threads);
    try (Scope _ = Scope.open()) {
      Tensor a = Gaussian.tensor(1, rows, inner);
      Tensor turnedA = Gaussian.tensor(2, inner, rows).transpose(0, 1);
      Tensor b = Gaussian.tensor(3, inner, columns);
      Tensor turnedB = Gaussian.tensor(4, columns, inner).transpose(0, 1);
      Tensor sparseB = Gaussian.tensor(5, inner, columns, 2).narrow(2, 0, 1).view(inner, columns);
      Tensor sameB = Gaussian.tensor(6, 1, columns).expand(inner, columns);

      assertAdds(a, b);
      assertAdds(a, turnedB);
      assertAdds(turnedA, b);
      assertAdds(turnedA, turnedB);
      assertAdds(turnedA, sparseB);
      assertAdds(a, sameB);
    }
  }

  @Test
  void isFor_shapesThatDoNotFit_isLeftToLibtorch() {
    Native.threads(2);
    try (Scope _ = Scope.open()) {
      Tensor sum = Gaussian.tensor(1, 200, 300);
      Tensor a = Gaussian.tensor(2, 200, 100);

      assertThatThrownBy(() -> sum.plusMatmulInPlace(a, Gaussian.tensor(3, 99, 300)))
          .hasMessageContaining("200x100 and 99x300");
      assertThatThrownBy(() -> sum.plusMatmulInPlace(a, Gaussian.tensor(4, 100, 299)))
          .hasMessageContaining("299");
    }
  }

  private static void assertAdds(Tensor a, Tensor b) {
    Tensor wide = Gaussian.tensor(7, a.size(0), b.size(1) + 5);
    Tensor before = wide.copy();
    Tensor sum = wide.narrow(1, 2, b.size(1));
    Tensor expected =
        before
            .narrow(1, 2, b.size(1))
            .to(DType.F64)
            .plus(a.to(DType.F64).matmul(b.to(DType.F64)).times(0.5));

    assertThat(Sgemm.addsTo(sum)).isTrue();
    Sgemm.add(sum, a, b, 0.5f);

    double difference = sum.to(DType.F64).minus(expected).square().sum().item();
    assertThat(Math.sqrt(difference / expected.square().sum().item())).isLessThan(1e-6);
    assertThat(wide.narrow(1, 0, 2).floats()).isEqualTo(before.narrow(1, 0, 2).floats());
    assertThat(wide.narrow(1, 2 + b.size(1), 3).floats())
        .isEqualTo(before.narrow(1, 2 + b.size(1), 3).floats());
  }
}
