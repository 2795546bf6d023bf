package dev.palimpsest.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PackTest {
  private static final Source TEN = rows("r", 10, 3);

  private static Example example(String id, int length, Random random) {
    int[] ids = new int[length];
    boolean[] label = new boolean[length];
    for (int i = 0; i < length; i++) {
      ids[i] = random.nextInt(50);
      label[i] = i > 0 && random.nextBoolean();
    }
    return new Example(id, ids, label);
  }

  private static Example document(String id, int from, int length) {
    int[] ids = new int[length];
    boolean[] label = new boolean[length];
    for (int i = 0; i < length; i++) {
      ids[i] = from + i;
      label[i] = i > 0;
    }
    return new Example(id, ids, label);
  }

  private static Source rows(String name, int size, int length) {
    return new Source() {
      @Override
      public int size() {
        return size;
      }

      @Override
      public List<Example> at(int index, int epoch) {
        return List.of(document(name + index, 100 * index, length));
      }
    };
  }

  @Test
  void pack_anyExamples_keepsWhatIsBeforeEachLabel() {
    for (long seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      List<Example> examples = new ArrayList<>();
      for (int d = 0; d <= random.nextInt(8); d++) {
        examples.add(
            random.nextBoolean()
                ? example("e" + d, 1 + random.nextInt(9), random)
                : beginningWith(random.nextInt(2), 10 + random.nextInt(20), random));
      }
      Pack pack = Pack.of(examples);

      List<List<Integer>> expected = new ArrayList<>();
      for (Example e : examples) {
        for (int i = 0; i < e.length(); i++) {
          if (e.label()[i]) {
            expected.add(Arrays.stream(e.ids(), 0, i + 1).boxed().toList());
          }
        }
      }
      assertThat(labels(pack)).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(expected);
      assertThat(pack.labelRows()).isSorted();
    }
  }

  /** An example whose first tokens are one of two beginnings, of which the last may differ. */
  private static Example beginningWith(int kind, int length, Random random) {
    Example tail = example("tail", 1 + random.nextInt(9), random);
    int[] ids = Arrays.copyOf(IntStream.range(50 * kind, 50 * kind + length).toArray(), 40);
    System.arraycopy(tail.ids(), 0, ids, length, tail.length());
    boolean[] label = new boolean[40];
    System.arraycopy(tail.label(), 0, label, length, tail.length());
    int end = length + tail.length();
    return new Example("b", Arrays.copyOf(ids, end), Arrays.copyOf(label, end));
  }

  /** Of each label the tokens that its row sees, and itself. */
  private static List<List<Integer>> labels(Pack pack) {
    List<List<Integer>> seen = new ArrayList<>();
    List<List<Integer>> whole = new ArrayList<>();
    for (int i = 0; i < pack.parts().size(); i++) {
      Pack.Part part = pack.parts().get(i);
      List<Integer> ids =
          new ArrayList<>(part.parent() == i ? List.of() : whole.get(part.parent()));
      for (int id : part.ids()) {
        ids.add(id);
        seen.add(List.copyOf(ids));
      }
      whole.add(ids);
    }
    List<List<Integer>> labels = new ArrayList<>();
    for (int i = 0; i < pack.labels().length; i++) {
      List<Integer> label = new ArrayList<>(seen.get(pack.labelRows()[i]));
      label.add(pack.labels()[i]);
      labels.add(label);
    }
    return labels;
  }

  @Test
  void pack_oneBeginning_isThereOnce() {
    List<Example> examples = new ArrayList<>();
    for (int d = 0; d < 3; d++) {
      int[] ids = IntStream.range(0, 30).toArray();
      ids[25] = 100 + d;
      boolean[] label = new boolean[30];
      label[d == 0 ? 24 : 29] = true;
      examples.add(new Example("e" + d, ids, label));
    }

    // the row of token 23 foretells a label of the first
    assertThat(Pack.of(examples).rows()).isEqualTo(23 + 3 * 7);
    assertThat(Pack.of(examples.subList(1, 3)).rows()).isEqualTo(25 + 2 * 5);
    assertThat(Pack.of(examples.subList(0, 1)).rows()).isEqualTo(30);
  }

  @Test
  void order_everyEpoch_takesEachItemOnceInAnOrderOfItsOwn() {
    Order order = new Order(7, 10);
    List<List<Integer>> epochs = new ArrayList<>();
    for (int epoch = 0; epoch < 3; epoch++) {
      List<Integer> taken = new ArrayList<>();
      for (int step = 0; step < order.stepsPerEpoch(4); step++) {
        for (int item : order.batch(epoch * 3L + step, 4)) {
          taken.add(item);
        }
      }
      assertThat(taken).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
      epochs.add(taken);
    }
    assertThat(new HashSet<>(epochs)).hasSize(3);
  }

  @Test
  void order_sameSeed_isTheSameWhereverOneBegins() {
    Order forward = new Order(7, 1000);
    List<int[]> batches = new ArrayList<>();
    for (long step = 0; step < 300; step++) {
      batches.add(forward.batch(step, 8));
    }

    Order later = new Order(7, 1000);
    for (int step : new int[] {299, 3, 130, 124, 125}) {
      assertThat(later.batch(step, 8)).isEqualTo(batches.get(step));
    }
    assertThat(new Order(8, 1000).batch(0, 8)).isNotEqualTo(batches.get(0));
  }

  @Test
  void order_isTheSameInEveryVersion() {
    // a change here breaks the resuming of older runs
    assertThat(new Order(0, 8).batch(0, 8)).containsExactly(ORDER_OF_SEED_0);
  }

  private static final int[] ORDER_OF_SEED_0 = {7, 1, 2, 0, 3, 6, 4, 5};

  @Test
  void windows_anyLength_scoreEveryTokenOnceWithContext() {
    for (int length = 1; length < 40; length++) {
      for (int window = 2; window < 12; window++) {
        for (int stride = 1; stride <= window; stride++) {
          List<Integer> scored = new ArrayList<>();
          for (Example w : Windows.of(document("d", 0, length), window, stride)) {
            assertThat(w.length()).isLessThanOrEqualTo(window);
            assertThat(w.id()).isEqualTo("d");
            for (int i = 0; i < w.length(); i++) {
              if (w.label()[i]) {
                scored.add(w.ids()[i]);
              }
            }
          }
          List<Integer> wanted = new ArrayList<>();
          for (int i = 1; i < length; i++) {
            wanted.add(i);
          }
          assertThat(scored).as("%d, %d, %d", length, window, stride).isEqualTo(wanted);
        }
      }
    }
  }

  @Test
  void windows_withSmallStride_giveLaterTokensAsMuchContextAsFits() {
    List<Example> windows = Windows.of(document("d", 0, 10), 6, 2);

    assertThat(windows).hasSize(3);
    assertThat(windows.get(1).ids()).containsExactly(2, 3, 4, 5, 6, 7);
    assertThat(windows.get(1).label()).containsExactly(false, false, false, false, true, true);
  }

  @Test
  void joinedText_cutsIntoPiecesThatKeepDocumentsApart() {
    JoinedText joined =
        new JoinedText(
            Source.of(List.of(document("a", 0, 5), document("b", 100, 2), document("c", 200, 6))),
            4);

    List<List<String>> pieces = new ArrayList<>();
    for (int i = 0; i < joined.size(); i++) {
      pieces.add(
          joined.at(i, 0).stream()
              .map(e -> e.id() + java.util.Arrays.toString(e.ids()) + e.labels())
              .toList());
    }
    assertThat(pieces)
        .containsExactly(
            List.of("a[0, 1, 2, 3]3"),
            List.of("a[3, 4]1", "b[100, 101]1"),
            List.of("c[200, 201, 202, 203]3"),
            List.of("c[203, 204, 205]2"));
  }

  @Test
  void joinedText_anyDocumentsAndLength_labelsEveryTokenButTheFirstOnce() {
    Random random = new Random(5);
    for (int round = 0; round < 300; round++) {
      List<Example> documents = new ArrayList<>();
      List<Integer> wanted = new ArrayList<>();
      for (int d = 0; d < 1 + random.nextInt(9); d++) {
        int length = 1 + random.nextInt(random.nextBoolean() ? 4 : 40);
        int first = 1000 * d;
        documents.add(document("d" + d, first, length));
        IntStream.range(1, length).map(i -> first + i).forEach(wanted::add);
      }
      int window = 2 + random.nextInt(12);
      JoinedText joined = new JoinedText(Source.of(documents), window);

      List<Integer> labels = new ArrayList<>();
      for (int i = 0; i < joined.size(); i++) {
        List<Example> parts = joined.at(i, 0);
        assertThat(parts.stream().mapToInt(Example::length).sum()).isBetween(1, window);
        for (Example part : parts) {
          assertThat(part.ids())
              .as("tokens of one document, one after another")
              .containsExactly(
                  IntStream.range(part.ids()[0], part.ids()[0] + part.length()).toArray());
          assertThat(part.id()).isEqualTo("d" + part.ids()[0] / 1000);
          IntStream.range(0, part.length())
              .filter(t -> part.label()[t])
              .forEach(t -> labels.add(part.ids()[t]));
        }
      }
      assertThat(labels).isEqualTo(wanted);
    }
  }

  @Test
  void mixing_byItems_hasTheDoseAndDiffersBySeedAndEpoch() {
    Mixing mixing = Mixing.byItems(rows("t", 90, 3), rows("r", 50, 3), 10, 1);

    assertThat(mixing.size()).isEqualTo(100);
    assertThat(mixing.replayed()).isEqualTo(10);
    Set<String> all = new HashSet<>();
    for (int epoch = 0; epoch < 5; epoch++) {
      for (int i = 90; i < 100; i++) {
        all.add(mixing.at(i, epoch).get(0).id());
      }
    }
    assertThat(all).as("all replayed rows have their turn before one comes again").hasSize(50);
    assertThat(mixing.at(3, 4).get(0).id()).isEqualTo("t3");
    Mixing same = Mixing.byItems(rows("t", 90, 3), rows("r", 50, 3), 10, 1);
    assertThat(same.at(95, 2).get(0).id()).isEqualTo(mixing.at(95, 2).get(0).id());
  }

  @Test
  void mixing_byTokens_countsLongerRowsForMore() {
    assertThat(Mixing.byTokens(rows("t", 90, 3), rows("r", 50, 6), 50, 1).replayed()).isEqualTo(45);
    assertThat(Mixing.byItems(rows("t", 90, 3), rows("r", 50, 6), 0, 1).replayed()).isZero();
    assertThat(Mixing.byItems(rows("t", 9, 3), rows("r", 50, 6), 1, 1).replayed()).isEqualTo(1);
    assertThatThrownBy(() -> Mixing.byItems(TEN, TEN, 100, 1))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("less than 100");
  }
}
