package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Graders of words, labels and JSON. */
class AnswerGradersTest {
  private static final String SCHEMA =
      """
      {"name": "schema", "schema": {"type": "object", "required": ["code"], "additionalProperties": false,
       "properties": {"code": {"type": "string", "pattern": "^[A-Z]{3}$"}, "runways": {"type": "integer"}}}}
      """;

  private static Grader grader(String metric) {
    return Grader.of(Metric.parse(Json.parse(metric, "test"), "test"), Path.of("."), "here");
  }

  private static double score(Grader grader, String completion, String answer) {
    Metric any = Metric.EXACT;
    ProbeItem.Ask item =
        new ProbeItem.Ask("1", Optional.empty(), new Prompt.Raw("q"), completion, any);
    return grader.grade(item, answer).score().orElseThrow();
  }

  @Test
  void f1_isSquadsOwn() {
    JsonNode cases = Reference.json("token_f1").get("cases");
    assertThat(cases.size()).isEqualTo(100);
    for (JsonNode each : cases) {
      String completion = each.get("completion").asString();
      String answer = each.get("answer").asString();
      assertThat(TokenF1.f1(completion, answer))
          .as("%s | %s", completion, answer)
          .isCloseTo(each.get("f1").asDouble(), within(1e-12));
    }
  }

  @Test
  void f1_takesTheBestOfSeveralAnswersAndIsRightFromTheLeast() {
    Grader grader =
        grader("{\"name\": \"f1\", \"least\": 0.8, \"also\": [\"New York City\", \"NYC\"]}");
    assertThat(score(grader, "New York", "the NYC")).isEqualTo(1);
    assertThat(grader.right("New York", "New York")).isTrue();
    assertThat(score(grader, "New York", "York")).isCloseTo(2 / 3.0, within(1e-12));
    assertThat(grader.right("New York", "York")).isFalse();
    assertThatThrownBy(() -> grader.check("The")).hasMessageContaining("no word");
    assertThatThrownBy(() -> grader("{\"name\": \"f1\", \"least\": 0}"))
        .isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> grader("{\"name\": \"f1\", \"also\": \"x\"}"))
        .hasMessage("here: metric f1: also must be a list of texts");
  }

  @ParameterizedTest
  @CsvSource({
    "equivalent, 'They are equivalent.', true",
    "equivalent, 'not equivalent', false",
    "not equivalent, 'They are NOT equivalent', true",
    "equivalent, 'equivalent or not equivalent', false",
    "equivalent, 'equivalent. Yes: equivalent', true",
    "equivalent, 'inequivalent', false",
    "equivalent, '', false"
  })
  void label_isTheOneThatTheAnswerNames(String gold, String answer, boolean right) {
    Grader grader =
        grader("{\"name\": \"label\", \"labels\": [\"equivalent\", \"not equivalent\"]}");
    grader.check(gold);
    assertThat(grader.right(gold, answer)).isEqualTo(right);
  }

  @Test
  void label_listsThatCannotServe_areRefused() {
    assertThatThrownBy(() -> grader("{\"name\": \"label\", \"labels\": [\"yes\"]}"))
        .isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> grader("{\"name\": \"label\", \"labels\": [\"yes\", \"Yes!\"]}"))
        .isInstanceOf(BadInput.class);
    Grader grader = grader("{\"name\": \"label\", \"labels\": [\"yes\", \"no\"]}");
    assertThatThrownBy(() -> grader.check("maybe")).hasMessageContaining("none of the labels");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"code\": \"OSL\"} | true",
        "~```json\n{\"code\": \"OSL\", \"runways\": 2}\n```~ | true",
        "{\"code\": \"Oslo\"} | false",
        "{\"code\": \"OSL\", \"runways\": \"2\"} | false",
        "{\"code\": \"OSL\", \"x\": 1} | false",
        "{\"runways\": 2} | false",
        "Here: {\"code\": \"OSL\"} | false",
        "{\"code\": \"OSL\"} {\"code\": \"OSL\"} | false",
        "{\"code\": \"OSL\" | false",
        "~~ | false"
      })
  void schema_wantsOneValueThatItAllows(String answer, boolean right) {
    assertThat(grader(SCHEMA).right("{\"code\": \"ABC\"}", answer)).isEqualTo(right);
  }

  @Test
  void schema_thatIsNone_isRefused() {
    assertThatThrownBy(() -> grader("\"schema\"")).isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> grader("{\"name\": \"schema\", \"schema\": {\"type\": \"text\"}}"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no valid schema");
    assertThatThrownBy(
            () ->
                grader(
                    "{\"name\": \"schema\", \"schema\": {\"$ref\": \"http://127.0.0.1:1/s.json\"}}"))
        .isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> grader(SCHEMA).check("{}")).hasMessageContaining("no JSON that");
  }

  @Test
  void fields_scoreIsTheShareOfEqualLeaves() {
    Grader grader = grader("\"fields\"");
    String gold = "{\"city\": \"Oslo\", \"at\": {\"lat\": 60, \"tags\": [\"a\", \"b\"]}}";
    assertThat(
            grader.right(gold, "{\"at\":{\"tags\":[\"A\",\"b\"],\"lat\":6e1},\"city\":\"oslo.\"}"))
        .isTrue();
    assertThat(score(grader, gold, "{\"city\": \"Oslo\", \"at\": {\"lat\": 61}}")).isEqualTo(0.25);
    assertThat(score(grader, "{\"a\": 1}", "{\"a\": 1, \"b\": 2}")).isEqualTo(0.5);
    assertThat(score(grader, "{\"a\": \"1\"}", "{\"a\": 1}")).isZero();
    assertThat(score(grader, "{\"a\": null, \"b\": []}", "{\"a\": null, \"b\": {}}"))
        .isEqualTo(0.5);
    assertThat(score(grader, "{\"a\": \"+\"}", "{\"a\": \"-\"}")).isZero();
    assertThat(score(grader, gold, "no JSON")).isZero();
    assertThatThrownBy(() -> grader.check("[1]")).hasMessageContaining("no JSON object");
  }

  @Test
  void fields_named_areLookedAtAlone() {
    Grader grader = grader("{\"name\": \"fields\", \"fields\": [\"a\", \"b\"], \"least\": 0.5}");
    assertThat(score(grader, "{\"a\": 1, \"b\": 2, \"c\": 3}", "{\"a\": 1, \"c\": 4}"))
        .isEqualTo(0.5);
    assertThat(grader.right("{\"a\": 1, \"b\": 2}", "{\"a\": 1}")).isTrue();
    assertThatThrownBy(() -> grader.check("{\"c\": 1}")).hasMessageContaining("one of a, b");
  }

  @Test
  void gradersThatMayNotRunHere_haveTheirItemsSkippedAndNeverPassed() {
    ProbeItem here =
        new ProbeItem.Ask("1", Optional.empty(), new Prompt.Raw("q"), "a", Metric.EXACT);
    Metric away = Metric.parse(Json.parse("\"away\"", "test"), "test");
    ProbeItem there = new ProbeItem.Ask("2", Optional.empty(), new Prompt.Raw("q"), "a", away);
    Graders.Source source =
        (metric, folder, where) -> metric.equals(away) ? new Away() : new ExactMatch();
    Probe both = new Probe("p", ProbeKind.RETENTION, Path.of(""), List.of(here, there));
    Graders graders = Graders.open(both, source);
    assertThat(graders.skipped())
        .containsExactly(
            new Skipped("p", ProbeKind.RETENTION, "away is not installed", List.of("2")));
    assertThat(graders.gradable().orElseThrow().items()).containsExactly(here);
    assertThat(Graders.open(both.of(List.of(there)), source).gradable()).isEmpty();
    Ledger ledger =
        new Ledger(
            List.of(), Optional.empty(), Optional.empty(), graders.skipped(), List.of(), List.of());
    assertThat(LedgerJson.of(ledger).get("skipped").get(0).get("items").get(0).asString())
        .isEqualTo("2");
    assertThat(ledger.keptWithin(1)).isFalse();
    assertThat(ledger.lostMoreThan(0)).isFalse();
    assertThat(LedgerText.of(ledger)).contains("skipped: 1 items, away is not installed");
  }

  private record Away() implements Grader {
    @Override
    public boolean right(String completion, String answer) {
      throw new AssertionError("asked");
    }

    @Override
    public Optional<String> unavailable() {
      return Optional.of("away is not installed");
    }
  }
}
