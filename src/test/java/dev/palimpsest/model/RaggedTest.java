package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RaggedTest {
  private static final float NO = Float.NEGATIVE_INFINITY;

  @Test
  void positions_sequencesEndToEnd_startAnew() {
    Ragged ragged = Ragged.of(List.of(new int[] {7, 8, 9}, new int[] {7}, new int[] {5, 6}));

    assertThat(ragged.ids()).containsExactly(7, 8, 9, 7, 5, 6);
    assertThat(ragged.positions()).containsExactly(0, 1, 2, 0, 0, 1);
  }

  @Test
  void positions_continuedSegments_goOnWhereTheirParentEnded() {
    Ragged.Builder builder = new Ragged.Builder();
    int prompt = builder.add(new int[] {7, 8, 9});
    int first = builder.add(new int[] {1, 2}, prompt);
    builder.add(new int[] {3}, prompt);
    builder.add(new int[] {4, 5}, first);

    assertThat(builder.build().positions()).containsExactly(0, 1, 2, 3, 4, 3, 5, 6);
  }

  @Test
  void masks_sequencesByThemselves_areNone() {
    try (Scope _ = Scope.open()) {
      assertThat(Ragged.of(List.of(new int[] {1, 2}, new int[] {3})).masks(0))
          .hasSize(2)
          .allMatch(Optional::isEmpty);
    }
  }

  @Test
  void masks_relatives_seeTheirOwnLineAlone() {
    Ragged.Builder builder = new Ragged.Builder();
    int prompt = builder.add(new int[] {0});
    builder.add(new int[] {1, 2}, prompt);
    builder.add(new int[] {3}, prompt);

    try (Scope _ = Scope.open()) {
      List<Optional<Tensor>> masks = builder.build().masks(0);

      assertThat(masks).hasSize(1);
      assertThat(masks.getFirst().orElseThrow().floats())
          .containsExactly(0, NO, NO, NO, 0, 0, NO, NO, 0, 0, 0, NO, 0, NO, NO, 0);
    }
  }

  @Test
  void masks_withWindow_forgetWhatLiesBefore() {
    try (Scope _ = Scope.open()) {
      assertThat(Ragged.of(new int[] {1, 2, 3}).masks(2).getFirst().orElseThrow().floats())
          .containsExactly(0, NO, NO, 0, 0, NO, NO, 0, 0);
    }
  }

  @Test
  void new_segmentsThatDoNotCoverTheRows_areRefused() {
    int[] ids = {1, 2, 3};

    assertThatThrownBy(() -> new Ragged(ids, List.of(new Ragged.Segment(0, 2, 0))))
        .hasMessageContaining("2 rows in segments, 3 ids");
    assertThatThrownBy(() -> new Ragged(ids, List.of(new Ragged.Segment(1, 2, 0))))
        .hasMessageContaining("segment 0");
    assertThatThrownBy(() -> new Ragged(ids, List.of(new Ragged.Segment(0, 3, 1))))
        .hasMessageContaining("segment 0");
  }
}
