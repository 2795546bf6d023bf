package dev.palimpsest.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DrawTest {
  private static List<String> drawn(int most, long seed, int... indices) {
    Draw draw = new Draw(most, seed);
    for (int index : indices) {
      Example example = new Example("e", new int[] {1, 2}, new boolean[] {false, true});
      Sample sample = new Sample.Text("e", Optional.empty(), "text");
      draw.offer(index, new Draw.Row("line " + index, sample, example));
    }
    return draw.rows().stream().map(Draw.Row::where).toList();
  }

  private static int[] upTo(int end) {
    return IntStream.range(0, end).toArray();
  }

  @Test
  void rows_manyOffered_areAFewThatHangOnTheSeed() {
    List<String> rows = drawn(5, 1, upTo(1000));

    assertThat(rows).hasSize(5).doesNotHaveDuplicates().isEqualTo(drawn(5, 1, upTo(1000)));
    assertThat(drawn(5, 2, upTo(1000))).hasSize(5).isNotEqualTo(rows);
    assertThat(rows).isNotEqualTo(drawn(5, 1, upTo(5)));
  }

  @Test
  void rows_otherOrderOfOffers_areTheSame() {
    assertThat(drawn(3, 7, 8, 6, 4, 2, 0, 9, 7, 5, 3, 1)).isEqualTo(drawn(3, 7, upTo(10)));
  }

  @Test
  void rows_fewOffered_areAll() {
    assertThat(drawn(5, 1, 0, 1)).containsExactlyInAnyOrder("line 0", "line 1");
    assertThat(drawn(0, 1, upTo(10))).isEmpty();
  }
}
