package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.run.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The built-in probe files: their format, their balance, and the reference's scores of them. */
class BuiltInProbesTest {
  private static final List<String> NAMES =
      List.of("arithmetic", "knowledge", "grammar", "senses", "common");

  private record Item(String id, String prompt, List<String> choices, int answer, String slice) {}

  @Test
  void allProbes_haveEnoughItemsAndNoIdTwice() throws IOException {
    Set<String> ids = new HashSet<>();
    int items = 0;
    for (String name : NAMES) {
      List<Item> probe = read(name);
      assertThat(probe).as(name).hasSizeGreaterThanOrEqualTo(100);
      items += probe.size();
      probe.forEach(i -> ids.add(i.id()));
    }
    assertThat(items).isGreaterThanOrEqualTo(480);
    assertThat(ids).hasSize(items);
  }

  @ParameterizedTest
  @ValueSource(strings = {"arithmetic", "knowledge", "grammar", "senses", "common"})
  void everyItem_isWellFormed(String name) throws IOException {
    Set<String> shown = new HashSet<>();
    for (Item item : read(name)) {
      assertThat(item.id()).startsWith(name + "-");
      assertThat(item.prompt()).isNotBlank().isEqualTo(item.prompt().strip()).hasSizeLessThan(120);
      assertThat(item.slice()).matches("[a-z]+(-[a-z]+)*");
      assertThat(item.choices()).as(item.id()).hasSizeBetween(2, 4).doesNotHaveDuplicates();
      assertThat(item.choices()).allSatisfy(c -> assertThat(c).isNotBlank().isEqualTo(c.strip()));
      assertThat(item.answer()).as(item.id()).isBetween(0, item.choices().size() - 1);
      String key = item.prompt() + item.choices().stream().sorted().toList();
      assertThat(shown.add(key)).as("stands twice: %s", key).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"arithmetic", "knowledge", "grammar", "senses", "common"})
  void rightAnswers_standAtEachPositionEquallyOften(String name) throws IOException {
    Map<Integer, int[]> bySize = new TreeMap<>();
    for (Item item : read(name)) {
      int size = item.choices().size();
      bySize.computeIfAbsent(size, int[]::new)[item.answer()]++;
    }
    bySize.forEach(
        (size, counts) -> {
          int most = Arrays.stream(counts).max().orElseThrow();
          int least = Arrays.stream(counts).min().orElseThrow();
          assertThat(most - least).as("%s with %d choices", name, size).isLessThanOrEqualTo(1);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"knowledge", "senses"})
  void everySetOfChoices_isRightOncePerChoice(String name) throws IOException {
    Map<String, List<Integer>> answers = new TreeMap<>();
    Map<String, Integer> sizes = new TreeMap<>();
    for (Item item : read(name)) {
      String choices = item.choices().toString();
      answers.computeIfAbsent(choices, c -> new ArrayList<>()).add(item.answer());
      sizes.put(choices, item.choices().size());
    }
    answers.forEach(
        (choices, right) ->
            assertThat(right).as(choices).hasSize(sizes.get(choices)).doesNotHaveDuplicates());
  }

  @ParameterizedTest
  @ValueSource(strings = {"grammar", "common"})
  void bothChoices_haveEquallyManyWords(String name) throws IOException {
    for (Item item : read(name)) {
      assertThat(item.choices().stream().map(c -> words(c)).distinct()).as(item.id()).hasSize(1);
    }
  }

  @Test
  void reference_scoresTheseItemsAndIsAboveChance() throws IOException {
    JsonNode probes =
        Json.parse(text("/reference/probes.json"), "reference/probes.json").required("probes");
    for (String name : NAMES) {
      List<Item> items = read(name);
      JsonNode reference = probes.required(name);
      String winners = reference.required("winners").asString();
      assertThat(winners).as(name).hasSize(items.size());
      int right = 0;
      for (int i = 0; i < items.size(); i++) {
        right += winners.charAt(i) - '0' == items.get(i).answer() ? 1 : 0;
      }
      double accuracy = (double) right / items.size();
      assertThat(Math.abs(accuracy - reference.required("accuracy").asDouble()))
          .as("%s: run reference/probes.py again after a change of the items", name)
          .isLessThan(1e-6);
      assertThat(accuracy).as(name).isBetween(0.5, 0.85);
      assertThat(reference.required("above_chance_ci95").required(0).asDouble()).isPositive();
    }
  }

  private static int words(String text) {
    return text.split(" ", -1).length;
  }

  private static List<Item> read(String name) throws IOException {
    String file = "/dev/palimpsest/measure/probes/" + name + ".jsonl";
    List<Item> items = new ArrayList<>();
    for (String line : text(file).lines().toList()) {
      JsonNode node = Json.parse(line, file + ", item " + (items.size() + 1));
      assertThat(node.propertyNames())
          .as(line)
          .containsExactlyInAnyOrder("id", "prompt", "choices", "answer", "slice");
      assertThat(node.required("answer").isInt()).as(line).isTrue();
      items.add(
          new Item(
              node.required("id").asString(),
              node.required("prompt").asString(),
              node.required("choices").values().stream().map(JsonNode::asString).toList(),
              node.required("answer").asInt(),
              node.required("slice").asString()));
    }
    return items;
  }

  private static String text(String resource) throws IOException {
    try (InputStream in = BuiltInProbesTest.class.getResourceAsStream(resource)) {
      assertThat(in).as(resource).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
