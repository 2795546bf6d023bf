package dev.palimpsest.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PassesTest {
  private static final int PROMPT = 40;

  /** One whose first tokens are a prompt's, and whose last one is its label. */
  private static Example example(int prompt, int begins, int length) {
    int[] ids = IntStream.range(0, length).map(i -> i < begins ? prompt : 1000 + i).toArray();
    boolean[] label = new boolean[length];
    label[length - 1] = true;
    return new Example(prompt + "/" + length, ids, label);
  }

  private static List<Integer> rows(List<List<Example>> passes) {
    return passes.stream().map(pass -> Pack.of(pass).rows()).toList();
  }

  @Test
  void passes_thatFillNoTwo_areAboutEqual() {
    List<Example> examples =
        IntStream.of(30, 100, 50, 20, 70, 90).mapToObj(n -> example(n, n, n)).toList();

    assertThat(rows(Passes.of(examples, 190))).containsExactly(190, 170);
    assertThat(rows(Passes.of(examples, 359))).containsExactly(190, 170);
    assertThat(rows(Passes.of(examples, 360))).containsExactly(360);
    assertThat(Passes.of(List.of(), 190)).isEmpty();
  }

  @Test
  void example_longerThanAPass_standsAlone() {
    List<Example> examples = IntStream.of(2, 50, 3).mapToObj(n -> example(n, n, n)).toList();

    assertThat(rows(Passes.of(examples, 8))).containsExactly(50, 5);
  }

  @Test
  void examplesThatBeginAlike_comeTogether() {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      for (int prompt = 0; prompt < 3; prompt++) {
        examples.add(example(prompt, PROMPT, PROMPT + 10 + i + prompt));
      }
    }

    List<List<Example>> passes = Passes.of(examples, 100);

    assertThat(passes).hasSize(3);
    for (List<Example> pass : passes) {
      assertThat(pass)
          .hasSize(4)
          .extracting(each -> each.ids()[0])
          .containsOnly(pass.getFirst().ids()[0]);
    }
  }

  @Test
  void passes_ofAnyExamples_holdEachOnceAndNoMoreRowsThanAsked() {
    for (long seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      List<Example> examples = new ArrayList<>();
      for (int i = 0; i < random.nextInt(30); i++) {
        int begins = random.nextInt(60);
        examples.add(example(random.nextInt(4), begins, begins + 2 + random.nextInt(60)));
      }
      int most = 1 + random.nextInt(200);

      List<List<Example>> passes = Passes.of(examples, most);

      assertThat(passes.stream().flatMap(List::stream))
          .containsExactlyInAnyOrderElementsOf(examples);
      for (List<Example> pass : passes) {
        assertThat(pass.size() == 1 || Pack.of(pass).rows() <= most).isTrue();
      }
      assertThat(Passes.of(examples, most)).isEqualTo(passes);
    }
  }
}
