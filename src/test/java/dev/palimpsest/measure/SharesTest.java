package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class SharesTest {
  @Test
  void intervalsAndFisher_areTheReferences() {
    JsonNode cases = Reference.json("shares").get("cases");
    assertThat(cases.size()).isGreaterThan(10);
    for (JsonNode each : cases) {
      int[] table = Reference.ints(each.get("table"));
      Share first = new Share(table[0], table[1]);
      TwoShares both = new TwoShares(first, new Share(table[2], table[3]));
      String name = each.get("table").toString();
      same(name, first.interval(), each.get("clopper"));
      same(name, first.wilson(), each.get("wilson"));
      same(name, both.interval(), each.get("newcombe"));
      double fisher = each.get("fisher").asDouble();
      assertThat(both.fisherP()).as(name).isCloseTo(fisher, within(1e-9 * fisher + 1e-15));
    }
  }

  private static void same(String name, Interval found, JsonNode expected) {
    assertThat(found.low()).as(name).isCloseTo(expected.get(0).asDouble(), within(1e-9));
    assertThat(found.high()).as(name).isCloseTo(expected.get(1).asDouble(), within(1e-9));
  }

  @Test
  void exchanged_differenceTurnsAndFisherStays() {
    TwoShares both = new TwoShares(new Share(12, 20), new Share(3, 17));
    TwoShares turned = new TwoShares(both.second(), both.first());
    assertThat(turned.interval().low()).isCloseTo(-both.interval().high(), within(1e-12));
    assertThat(turned.fisherP()).isCloseTo(both.fisherP(), within(1e-12));
  }

  @Test
  void impossibleCounts_areRefused() {
    assertThatThrownBy(() -> new Share(3, 2)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Share(0, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
