package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Products of F32 with weights of 16 bits, against the definition in fp64. */
class HalfMatrixTest {
  private final int before = Native.threads();

  @BeforeEach
  void isThere() {
    assumeThat(HalfMatrix.isThere()).as("FBGEMM on this machine").isTrue();
  }

  @AfterEach
  void threads() {
    Native.threads(before);
  }

  private static Tensor weights(DType type, long out, long in) {
    return Gaussian.tensor(1, out, in).timesInPlace(0.05).to(type).to(DType.F32);
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "1, 96, 576", "3, 100, 37", "17, 64, 1536", "130, 48, 530"})
  void linear_isTheDefinition(int rows, int out, int in) {
    try (Scope _ = Scope.open()) {
      Tensor matrix = weights(DType.BF16, out, in);
      Tensor x = Gaussian.tensor(2, rows, in);
      HalfMatrix half = HalfMatrix.of(matrix).orElseThrow();

      Tensor product = half.linear(x);

      double[] defined = x.to(DType.F64).matmul(matrix.to(DType.F64).transpose(0, 1)).doubles();
      assertThat(product.shape()).containsExactly(rows, out);
      assertThat(product.doubles()).containsExactly(defined, within(1e-5));
      double[] added = half.linearPlus(x, product).doubles();
      assertThat(added)
          .containsExactly(Arrays.stream(defined).map(each -> 2 * each).toArray(), within(2e-5));
      half.close();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void dense_ofSixteenBits_isTheMatrixBitByBit(DType type) {
    try (Scope _ = Scope.open()) {
      Tensor matrix = weights(type, 70, 90);

      HalfMatrix half = HalfMatrix.of(matrix).orElseThrow();

      assertThat(half.dense().floats()).containsExactly(matrix.floats());
      PackedMatrix transposed = half.transposed();
      assertThat(transposed.out()).isEqualTo(90);
      assertThat(transposed.dense().floats())
          .containsExactly(matrix.transpose(0, 1).contiguous().floats());
      assertThat(half.bytes()).isEqualTo(2 * 70 * 90);
      half.close();
      transposed.close();
    }
  }

  /** bf16 reaches farther than fp16 at both ends. */
  @ParameterizedTest
  @ValueSource(doubles = {1e-30, 1e-9, 1, 1e5, 1e30})
  void dense_ofAnyScale_isTheMatrixBitByBit(double scale) {
    try (Scope _ = Scope.open()) {
      Tensor matrix = Gaussian.tensor(1, 70, 90).timesInPlace(scale).to(DType.BF16).to(DType.F32);

      HalfMatrix half = HalfMatrix.of(matrix).orElseThrow();

      assertThat(half.dense().floats()).containsExactly(matrix.floats());
      half.close();
    }
  }

  @Test
  void half_whereBitsWouldBeLost_isNot() {
    try (Scope _ = Scope.open()) {
      Tensor full = Gaussian.tensor(1, 8, 8);
      Tensor wide = Tensor.of(new float[] {1e-20f, 1e20f}, 1, 2).to(DType.BF16).to(DType.F32);

      PackedMatrix packed = PackedMatrix.half(full);

      assertThat(HalfMatrix.of(full)).isEmpty();
      assertThat(HalfMatrix.of(wide)).isEmpty();
      assertThat(packed).isInstanceOf(BlockedMatrix.class);
      assertThat(packed.dense().floats()).containsExactly(full.floats());
    }
  }

  @Test
  void half_ofZeros_givesZeros() {
    try (Scope _ = Scope.open()) {
      PackedMatrix half = PackedMatrix.half(Tensor.zeros(DType.BF16, 5, 4));

      assertThat(half).isInstanceOf(HalfMatrix.class);
      assertThat(half.linear(Gaussian.tensor(1, 2, 4)).floats()).containsOnly(0);
      half.close();
    }
  }

  /** FBGEMM has kernels for one row to six, or fourteen, and takes 120 rows at a time. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void linear_aRowsBits_doNotHangOnItsCompany(int threads) {
    Native.threads(threads);
    try (Scope _ = Scope.open()) {
      HalfMatrix half = HalfMatrix.of(weights(DType.BF16, 80, 600)).orElseThrow();
      Tensor x = Gaussian.tensor(2, 260, 600);
      float[] all = half.linear(x).floats();
      Native.threads(1);

      for (int rows = 1; rows < 260; rows++) {
        float[] some = half.linear(x.narrow(0, 0, rows)).floats();

        assertThat(some).as("%s rows", rows).containsExactly(Arrays.copyOf(all, rows * 80));
        assertThat(half.rows(half.rows(rows)))
            .isEqualTo(half.rows(rows))
            .isBetween(rows, 120 * Math.ceilDiv(rows, 120));
      }
      half.close();
    }
  }
}
