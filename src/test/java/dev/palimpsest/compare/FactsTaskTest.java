package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FactsTaskTest {
  private static final FactsTask.Sizes SIZES = new FactsTask.Sizes(10, 8, 4);

  @TempDir static Path folder;
  private static AirportTable table;

  @BeforeAll
  static void open() {
    table = AirportTable.open(InventedAirports.write(folder, 1500));
  }

  @AfterAll
  static void close() {
    table.close();
  }

  private static Set<String> answers(List<TaskItem> items, String slice) {
    return items.stream()
        .filter(i -> i.slice().orElse("").equals(slice))
        .map(TaskItem::completion)
        .collect(Collectors.toSet());
  }

  @Test
  void make_sizes_areFactsTimesWordings() {
    TaskItems items = FactsTask.make(table, SIZES, 3);
    assertThat(items.train()).hasSize(10 * FactsTask.TRAINED.size());
    assertThat(items.dev()).hasSize((10 + 4) * FactsTask.DEV.size());
    assertThat(items.heldOut()).hasSize((10 + 8) * FactsTask.HELD_OUT.size());
    assertThat(items.metric()).isEmpty();
  }

  @Test
  void trainedFacts_areAskedInOtherWordings_andControlsAreNeverTrained() {
    TaskItems items = FactsTask.make(table, SIZES, 3);
    Set<String> trained = answers(items.train(), "");
    assertThat(trained).hasSize(10);
    assertThat(answers(items.heldOut(), "trained")).isEqualTo(trained);
    assertThat(answers(items.dev(), "trained")).isEqualTo(trained);
    Set<String> control = answers(items.heldOut(), "untrained");
    Set<String> spare = answers(items.dev(), "untrained");
    assertThat(control).hasSize(8).doesNotContainAnyElementsOf(trained);
    assertThat(spare).hasSize(4).doesNotContainAnyElementsOf(trained);
    assertThat(spare).doesNotContainAnyElementsOf(control);
  }

  @Test
  void answers_areThoseOfTheTable() {
    Map<String, String> cities =
        table.airports().stream()
            .filter(a -> !a.iata().isEmpty())
            .collect(Collectors.toMap(Airport::iata, Airport::city));
    assertThat(FactsTask.make(table, SIZES, 3).heldOut())
        .allSatisfy(
            item -> {
              String code = item.id().split("-")[2];
              assertThat(item.prompt()).contains(code);
              assertThat(item.completion()).isEqualTo(cities.get(code));
            });
  }

  @Test
  void make_sameSeed_givesTheSameItems() {
    assertThat(FactsTask.make(table, SIZES, 3)).isEqualTo(FactsTask.make(table, SIZES, 3));
    assertThat(FactsTask.make(table, SIZES, 3)).isNotEqualTo(FactsTask.make(table, SIZES, 4));
  }

  @Test
  void make_tooFewFacts_isRefusedWithBothNumbers() {
    assertThatThrownBy(() -> FactsTask.make(table, new FactsTask.Sizes(900, 100, 100), 3))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("1100");
  }
}
