package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LoopsTest {
  private static final int END = 2;

  /** Each token is a word of six characters, its blank included; 100 and above are one letter. */
  private static final Loops LOOPS =
      new Loops(
          Set.of(END),
          ids ->
              Arrays.stream(ids)
                  .mapToObj(id -> id >= 100 ? "x" : String.format("w%04d ", id))
                  .collect(Collectors.joining()));

  private static int[] repeat(int times, int... piece) {
    return IntStream.range(0, times).flatMap(i -> Arrays.stream(piece)).toArray();
  }

  private static int[] join(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  @Test
  void answer_endingInFivePieces_loops() {
    assertThat(LOOPS.find(join(new int[] {9, 8}, repeat(5, 7))))
        .contains(new Loops.Loop("w0007 ", 5));
    assertThat(LOOPS.find(repeat(6, 7, 5, 6))).contains(new Loops.Loop("w0007 w0005 w0006 ", 6));
  }

  @Test
  void answer_thatStopsAfterLooping_stillLoops() {
    assertThat(LOOPS.find(join(repeat(5, 7), new int[] {END}))).isPresent();
  }

  @Test
  void answer_cutInsideAPiece_loops() {
    assertThat(LOOPS.find(join(repeat(5, 3, 4), new int[] {3}))).isPresent();
  }

  @Test
  void answer_endingInFourPieces_doesNotLoop() {
    assertThat(LOOPS.find(join(new int[] {9}, repeat(4, 7, 8)))).isEmpty();
  }

  @Test
  void answer_repeatingInTheMiddle_doesNotLoop() {
    assertThat(LOOPS.find(join(repeat(9, 7), new int[] {8}))).isEmpty();
  }

  @Test
  void repetition_shorterThan30Characters_doesNotLoop() {
    assertThat(LOOPS.find(repeat(29, 100))).isEmpty();
    assertThat(LOOPS.find(repeat(30, 100))).isPresent();
  }

  @Test
  void piece_mayHave16TokensAndNoMore() {
    int[] sixteen = IntStream.range(10, 26).toArray();
    int[] seventeen = IntStream.range(10, 27).toArray();
    assertThat(LOOPS.find(repeat(5, sixteen))).isPresent();
    assertThat(LOOPS.find(repeat(5, seventeen))).isEmpty();
  }

  @Test
  void answer_withoutTokens_doesNotLoop() {
    assertThat(LOOPS.find(new int[0])).isEmpty();
    assertThat(LOOPS.find(new int[] {END})).isEmpty();
  }
}
