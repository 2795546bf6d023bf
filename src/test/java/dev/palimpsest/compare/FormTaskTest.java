package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FormTaskTest {
  private static final FormTask.Sizes SIZES = new FormTask.Sizes(150, 10, 20);
  private static final Pattern PLACE =
      Pattern.compile("(country|subd|city|tz) (?:=|<>|IN) \\(?('[^']*'(?:, '[^']*')?)");

  @TempDir static Path folder;
  private static AirportTable table;
  private static TaskItems items;

  @BeforeAll
  static void make() {
    table = AirportTable.open(InventedAirports.write(folder, 1500));
    items = make(5);
  }

  @AfterAll
  static void close() {
    table.close();
  }

  private static TaskItems make(long seed) {
    return FormTask.make(table, "airports.csv", SIZES, seed, InventedAirports.LEAST);
  }

  private static Stream<TaskItem> all() {
    return Stream.of(items.train(), items.dev(), items.heldOut()).flatMap(List::stream);
  }

  private static List<TaskItem> slice(String name) {
    return items.heldOut().stream().filter(i -> i.slice().orElseThrow().equals(name)).toList();
  }

  private static Set<String> places(List<TaskItem> some) {
    Set<String> places = new HashSet<>();
    for (TaskItem item : some) {
      for (MatchResult m : PLACE.matcher(item.completion()).results().toList()) {
        for (String value : m.group(2).split(", ")) {
          places.add(m.group(1) + " " + value);
        }
      }
    }
    return places;
  }

  @Test
  void make_sameSeed_givesTheSameItems() {
    assertThat(make(5)).isEqualTo(items);
    assertThat(make(6).heldOut()).isNotEqualTo(items.heldOut());
  }

  @Test
  void make_sizes_areMet() {
    assertThat(items.train()).hasSize(150);
    assertThat(items.dev()).hasSize(30);
    assertThat(
            items.heldOut().stream()
                .collect(
                    Collectors.groupingBy(i -> i.slice().orElseThrow(), Collectors.counting())))
        .isEqualTo(Map.of("places", 20L, "wordings", 20L, "combinations", 20L));
    assertThat(items.metric())
        .containsExactly(
            Map.entry("name", "sql"),
            Map.entry("table", "airports"),
            Map.entry("file", "airports.csv"));
  }

  @Test
  void queries_occurOnceAndAnswerBriefly() {
    assertThat(all().map(TaskItem::completion)).doesNotHaveDuplicates().hasSize(240);
    assertThat(all())
        .allSatisfy(item -> assertThat(table.query(item.completion())).hasSizeBetween(1, 200));
  }

  @Test
  void places_ofTheirSlice_areNamedInNoOtherItem() {
    Set<String> unseen = places(slice("places"));
    assertThat(slice("places")).allSatisfy(item -> assertThat(places(List.of(item))).isNotEmpty());
    assertThat(unseen)
        .doesNotContainAnyElementsOf(places(items.train()))
        .doesNotContainAnyElementsOf(places(items.dev()));
  }

  @Test
  void wordings_ofTheirSlice_areInNoTrainingItem() {
    List<Pattern> frames =
        Stream.of(Clause.values())
            .filter(c -> c.compareTo(Clause.GROUP_TOP) <= 0)
            .flatMap(c -> Wordings.of(c).heldOut().stream())
            .map(way -> Pattern.compile("\\Q" + way.replace("{}", "\\E.*\\Q") + "\\E.*"))
            .toList();
    assertThat(slice("wordings"))
        .allMatch(item -> frames.stream().anyMatch(f -> f.matcher(item.prompt()).matches()));
    assertThat(items.train())
        .noneMatch(item -> frames.stream().anyMatch(f -> f.matcher(item.prompt()).matches()));
  }

  @Test
  void combinations_ofTheirSlice_areInNoOtherItem() {
    List<Pattern> joined =
        Stream.of(
                "SELECT count\\(\\*\\) .* BETWEEN .*",
                "SELECT count\\(\\*\\) .* OR .*",
                "SELECT avg\\(elevation\\) .* LIKE '%.*",
                "SELECT max.* tz = .*",
                "SELECT min.* subd = .*",
                ".* country = .* HAVING .*",
                ".* lon < .* tz = .*|.* tz = .* lon < .*",
                ".* tz = .* ORDER BY elevation DESC LIMIT.*")
            .map(Pattern::compile)
            .toList();
    List<TaskItem> others =
        Stream.concat(items.train().stream(), slice("places").stream()).toList();
    for (Pattern pair : joined) {
      assertThat(others).noneMatch(item -> pair.matcher(item.completion()).matches());
    }
    assertThat(slice("combinations"))
        .anyMatch(
            item -> joined.stream().anyMatch(pair -> pair.matcher(item.completion()).matches()));
  }

  @Test
  void heldOutPairs_eachKind_isDrawnInOtherCompany() {
    Random random = new Random(2);
    Places.Split places = Places.split(table.airports(), InventedAirports.LEAST, random);
    FormGrammar grammar =
        new FormGrammar(
            new ConditionGrammar(table.airports(), places.train(), random),
            Wording.Voice.TRAINED,
            random);
    Set<Clause> drawn = EnumSet.noneOf(Clause.class);
    for (int i = 0; i < 600; i++) {
      Set<Clause> clauses = grammar.draw().clauses();
      if (FormTask.HELD_OUT_PAIRS.stream().noneMatch(clauses::containsAll)) {
        drawn.addAll(clauses);
      }
    }
    assertThat(FormTask.HELD_OUT_PAIRS).doesNotHaveDuplicates();
    assertThat(drawn).containsAll(FormTask.HELD_OUT_PAIRS.stream().flatMap(Set::stream).toList());
  }

  @Test
  void make_tableTooSmall_isRefused() {
    try (AirportTable small = AirportTable.open(InventedAirports.write(folder, 6))) {
      assertThatThrownBy(() -> FormTask.make(small, "a.csv", SIZES, 1, InventedAirports.LEAST))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("airports table has too few places");
    }
    assertThatThrownBy(() -> new FormTask.Sizes(0, 1, 1)).isInstanceOf(BadInput.class);
  }
}
