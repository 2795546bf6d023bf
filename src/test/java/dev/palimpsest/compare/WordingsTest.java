package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WordingsTest {
  @Test
  void everyClause_hasWaysOfItsOwnForBothVoicesWithTheSameSlots() {
    Set<String> ways = new HashSet<>();
    for (Clause clause : Clause.values()) {
      Wording wording = Wordings.of(clause);
      List<String> all =
          Stream.concat(wording.trained().stream(), wording.heldOut().stream()).toList();
      assertThat(all.stream().map(way -> way.split("\\{}", -1).length).distinct())
          .as(clause.name())
          .hasSize(1);
      ways.addAll(wording.trained());
      assertThat(wording.heldOut()).as(clause.name()).doesNotContainAnyElementsOf(ways);
    }
  }

  @Test
  void say_slots_areFilledInOrder() {
    Wording wording = new Wording(List.of("from {} to {}!"), List.of("{}, then {}"));
    Random random = new Random(1);
    assertThat(wording.say(Wording.Voice.TRAINED, random, "{}", "b")).isEqualTo("from {} to b!");
    assertThat(wording.say(Wording.Voice.HELD_OUT, random, "a", "b")).isEqualTo("a, then b");
    assertThatThrownBy(() -> wording.say(Wording.Voice.TRAINED, random, "a", "b", "c"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void factsWordings_areNotShared() {
    assertThat(
            Stream.of(FactsTask.TRAINED, FactsTask.DEV, FactsTask.HELD_OUT).flatMap(List::stream))
        .doesNotHaveDuplicates()
        .hasSize(9);
  }
}
