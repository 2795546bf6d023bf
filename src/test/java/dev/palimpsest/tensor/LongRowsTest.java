package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LongRowsTest {
  static Stream<Arguments> kinds() {
    return Stream.of(DType.F32, DType.BF16)
        .flatMap(type -> Stream.of(1, 7, 1000, 49_152).map(width -> Arguments.of(type, width)));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void argmax_isLibtorchs(DType type, int width) {
    try (Scope _ = Scope.open()) {
      Random random = new Random(width);
      float[] values = new float[5 * width];
      for (int i = 0; i < values.length; i++) {
        values[i] = random.nextInt(300) - 150; // equal ones, too
      }
      values[3 * width + width / 2] = Float.NaN;
      values[4 * width + width - 1] = Float.POSITIVE_INFINITY;
      Tensor rows = Tensor.of(values, 5, width).to(type);

      assertThat(LongRows.argmax(rows)).isEqualTo(rows.argmax(1).ints());
      assertThat(LongRows.argmax(rows)[3]).isEqualTo(width / 2);
    }
  }

  @Test
  void argmax_ofColumns_isLibtorchs() {
    try (Scope _ = Scope.open()) {
      Tensor columns = Tensor.of(new float[] {1, 3, 2, 2, 3, 1}, 2, 3).transpose(0, 1);

      assertThat(LongRows.argmax(columns)).containsExactly(1, 0, 0);
    }
  }

  @Test
  void of_aMatrix_isAllItsRowsInOrder() {
    try (Scope _ = Scope.open()) {
      Tensor matrix = Tensor.zeros(DType.F32, 37, 2);
      int next = 0;
      for (LongRows some : LongRows.of(matrix)) {
        assertThat(some.from()).isEqualTo(next);
        some.in(matrix).plusInPlace(1);
        next += some.count();
      }
      assertThat(next).isEqualTo(37);
      assertThat(matrix.floats()).containsOnly(1);
    }
  }
}
