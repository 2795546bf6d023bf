package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.tensor.Tiles.Panel;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Products of matrices amid others' elements against the loops that define them. */
@EnabledIf("dev.palimpsest.tensor.VectorAttention#isThere")
class TilesTest {
  private static final double ERROR = 1e-4;

  static Stream<Arguments> shapes() {
    return Stream.of(16, 48, 64, 80, 144)
        .flatMap(columns -> Stream.of(1, 5, 64).map(depth -> Arguments.of(columns, depth)));
  }

  /** Fills a matrix, and what is around it. */
  private static Panel random(long seed, int rows, int at, int stride) {
    Random random = new Random(seed);
    float[] values = new float[at + (rows + 1) * stride];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new Panel(values, at, stride);
  }

  private static float at(Panel panel, int row, int column) {
    return panel.data()[panel.at() + row * panel.stride() + column];
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void product_anyPlace_isTheProduct(int columns, int depth) {
    Panel a = random(1, Tiles.ROWS, 3, depth + 2);
    Panel b = random(2, depth, 5, columns + 7);
    Panel c = random(3, Tiles.ROWS, 9, columns + 1);
    float[] before = c.data().clone();

    Tiles.product(a, b, c, columns, depth);

    for (int row = 0; row < Tiles.ROWS; row++) {
      for (int column = 0; column < columns; column++) {
        double sum = 0;
        for (int k = 0; k < depth; k++) {
          sum += (double) at(a, row, k) * at(b, k, column);
        }
        assertThat((double) at(c, row, column)).isCloseTo(sum, within(ERROR));
      }
    }
    assertAroundIsAsBefore(c, columns, before);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void addTransposed_anyPlace_addsTheProduct(int columns, int depth) {
    Panel a = random(1, depth, 3, Tiles.ROWS + 2);
    Panel b = random(2, depth, 5, columns + 7);
    Panel c = random(3, Tiles.ROWS, 9, columns + 1);
    float[] before = c.data().clone();

    Tiles.addTransposed(a, b, c, columns, depth);

    for (int row = 0; row < Tiles.ROWS; row++) {
      for (int column = 0; column < columns; column++) {
        double sum = at(new Panel(before, c.at(), c.stride()), row, column);
        for (int k = 0; k < depth; k++) {
          sum += (double) at(a, k, row) * at(b, k, column);
        }
        assertThat((double) at(c, row, column)).isCloseTo(sum, within(ERROR));
      }
    }
    assertAroundIsAsBefore(c, columns, before);
  }

  private static void assertAroundIsAsBefore(Panel c, int columns, float[] before) {
    for (int i = 0; i < before.length; i++) {
      int place = i - c.at();
      boolean inside =
          place >= 0 && place < Tiles.ROWS * c.stride() && place % c.stride() < columns;
      if (!inside) {
        assertThat(c.data()[i]).as("element %s", i).isEqualTo(before[i]);
      }
    }
  }

  @Test
  void from_aPlace_isThatPlace() {
    Panel panel = random(1, 8, 3, 10);

    Panel inner = panel.from(2, 4).from(1, 3);

    assertThat(at(inner, 1, 2)).isEqualTo(at(panel, 4, 9));
    assertThat(inner.stride()).isEqualTo(10);
  }
}
