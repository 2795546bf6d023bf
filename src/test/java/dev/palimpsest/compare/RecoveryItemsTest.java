package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.generate.Prompting;
import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.Metric;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.measure.Share;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.tokenizer.Message;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class RecoveryItemsTest {
  /** Lost items first, then those that neither side knew, then kept ones. */
  private static ProbeResult result(String name, int lost, int never, int documents) {
    List<ProbeItem> items = new ArrayList<>();
    List<ItemRow> rows = new ArrayList<>();
    for (int i = 0; i < lost + never + 5; i++) {
      items.add(
          new ProbeItem.Ask(
              "i" + i, Optional.empty(), Prompt.Chat.of(name + i), "a", Metric.EXACT));
      Optional<String> document =
          documents == 0 ? Optional.empty() : Optional.of("d" + i % documents);
      rows.add(
          new ItemRow(
              name,
              "i" + i,
              i < lost || i >= lost + never ? 1 : 0,
              i >= lost + never ? 1 : 0,
              Optional.of("x"),
              Optional.of("y"),
              false,
              false,
              new ItemRow.Place(Optional.empty(), document, 0)));
    }
    return new ProbeResult(
        new Probe(name, ProbeKind.RETENTION, Path.of(""), items),
        List.of("exact"),
        new Outcome.Rates(new PairedCounts(5, lost, 0, never)),
        Optional.empty(),
        new TreeMap<>(),
        rows);
  }

  private static RecoveryItems split(long seed, ProbeResult... results) {
    return RecoveryItems.of(new Ledger(List.of(results), Optional.empty(), Optional.empty()), seed);
  }

  private static Set<Integer> numbers(List<ProbeItem> items) {
    return items.stream()
        .map(item -> Integer.parseInt(item.id().substring(1)))
        .collect(Collectors.toSet());
  }

  @Test
  void halves_areApartAndOfTheirKind_withAsManyOfBoth() {
    RecoveryItems.Part part = split(3, result("p", 20, 90, 0)).parts().getFirst();

    Set<Integer> shown = numbers(part.lost().shown());
    Set<Integer> asked = numbers(part.lost().asked());
    assertThat(shown).hasSize(10).doesNotContainAnyElementsOf(asked).allMatch(i -> i < 20);
    assertThat(asked).hasSize(10).allMatch(i -> i < 20);
    assertThat(numbers(part.never().shown())).hasSize(10).allMatch(i -> i >= 20 && i < 110);
    assertThat(numbers(part.never().asked()))
        .hasSize(10)
        .allMatch(i -> i >= 20 && i < 110)
        .doesNotContainAnyElementsOf(numbers(part.never().shown()));
  }

  @Test
  void split_hangsOnTheSeedAlone() {
    ProbeResult result = result("p", 20, 90, 0);
    assertThat(split(3, result)).isEqualTo(split(3, result));
    assertThat(split(3, result)).isNotEqualTo(split(4, result));
  }

  @Test
  void fewerThatNeitherKnew_showAsManyOfBoth_andAskAllOtherLostOnes() {
    RecoveryItems.Part part = split(3, result("p", 20, 9, 0)).parts().getFirst();
    assertThat(part.lost().shown()).hasSize(4);
    assertThat(part.lost().asked()).hasSize(16);
    assertThat(part.never().shown()).hasSize(4);
    assertThat(part.never().asked()).hasSize(5);
  }

  @Test
  void itemsOfOneDocument_areInOneHalf() {
    for (long seed = 0; seed < 20; seed++) {
      RecoveryItems.Part part = split(seed, result("p", 21, 21, 7)).parts().getFirst();
      Set<Integer> documents = new HashSet<>();
      numbers(part.lost().shown()).forEach(i -> documents.add(i % 7));
      assertThat(numbers(part.lost().asked())).noneMatch(i -> documents.contains(i % 7));
    }
  }

  @Test
  void probesWithTooFew_areLeftOutByName_andNoneIsRefused() {
    assertThat(split(0, result("few", 1, 50, 0), result("p", 6, 6, 0)).left())
        .containsExactly("few");
    assertThatThrownBy(() -> split(0, result("few", 1, 50, 0)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("nothing to recover: of 1 lost items");
  }

  @Test
  void rows_teachTheRightAnswerAlone_behindWhatStandsBeforeEveryPrompt() {
    ProbeItem choose =
        new ProbeItem.Choose("c", Optional.empty(), Prompt.Chat.of("Q"), List.of("no", "yes"), 1);
    Prompting shown =
        new Prompting(
            Optional.empty(), List.of(new Message("user", "E"), new Message("assistant", "F")));

    JsonNode turns = Json.parse(RecoveryRows.of(List.of(choose), shown), "row").get("messages");

    assertThat(turns)
        .extracting(turn -> turn.get("content").asString())
        .containsExactly("E", "F", "Q", "yes");
    assertThat(turns.get(1).get("train").asBoolean()).isFalse();
    assertThat(turns.get(3).has("train")).isFalse();
    ProbeItem raw =
        new ProbeItem.Ask("r", Optional.empty(), new Prompt.Raw("Q"), "a", Metric.EXACT);
    assertThatThrownBy(() -> RecoveryRows.of(List.of(raw), Prompting.NONE))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("item r: a raw prompt");
  }

  private static RecoveryResult.Verdict verdict(int lost, int never, int learned) {
    return new RecoveryResult(
            List.of(),
            List.of(),
            new RecoveryResult.Arm("l", new Share(learned, 50), new Share(lost, 50)),
            new RecoveryResult.Arm("n", new Share(50, 50), new Share(never, 50)),
            new Share(0, 50))
        .verdict();
  }

  @Test
  void verdict_isByFishersTestAndTheIntervalOfTheDifference() {
    assertThat(verdict(40, 10, 50)).isEqualTo(RecoveryResult.Verdict.SUPPRESSED);
    assertThat(verdict(5, 5, 50)).isEqualTo(RecoveryResult.Verdict.ERASED);
    assertThat(verdict(5, 25, 50)).isEqualTo(RecoveryResult.Verdict.ERASED);
    assertThat(verdict(20, 14, 50)).isEqualTo(RecoveryResult.Verdict.UNDECIDED);
    // nothing was learned, so nothing that does not come back means anything
    assertThat(verdict(5, 5, 24)).isEqualTo(RecoveryResult.Verdict.UNDECIDED);
  }
}
