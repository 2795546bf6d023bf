package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.generate.FakeEndpoint;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.generate.RemoteSettings;
import dev.palimpsest.generate.Replies;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class RubricMatchTest {
  private static final Pattern ANSWERS =
      Pattern.compile("(?s)Answer A:\n(.*?)\n\nAnswer B:\n(.*?)\n\nWhich answer");

  @TempDir private Path folder;

  private static ProbeItem.Ask item() {
    return new ProbeItem.Ask(
        "1", Optional.empty(), Prompt.Chat.of("How are you?"), "Fine.", Metric.EXACT);
  }

  private static RubricMatch grader(String settings, UnaryOperator<String> replies) {
    Judge judge = new Judge("judge", "key", new FakeAnswerer(replies, text -> 0), Replies.none());
    return RubricMatch.of(
        Metric.parse(Json.parse(settings, "test"), "test"), Optional.of(judge), "here");
  }

  /** Prefers the longer answer. */
  private static String longer(String prompt) {
    Matcher answers = ANSWERS.matcher(prompt);
    assertThat(answers.find()).isTrue();
    int a = answers.group(1).length();
    int b = answers.group(2).length();
    return a == b ? "Same." : a > b ? "A" : "Answer B, since it says more";
  }

  @Test
  void answer_isRightWhereItIsAsGoodInBothOrders() {
    RubricMatch grader =
        grader("{\"name\": \"judge\", \"rubric\": \"Longer.\"}", RubricMatchTest::longer);
    assertThat(grader.grade(item(), "Very well, thank you.").right()).isTrue();
    assertThat(grader.grade(item(), "Good.").right()).isTrue();
    assertThat(grader.grade(item(), "Bad").right()).isFalse();
    assertThat(grader.tally()).as("of labelled answers").hasValue(JudgeTally.NONE);
  }

  @Test
  void judge_thatGoesByPlaceOrSaysSomethingElse_findsNothingRight() {
    String metric = "{\"name\": \"judge\", \"rubric\": \"Any.\"}";
    for (String reply : List.of("A", "B", "I cannot tell", "")) {
      RubricMatch grader = grader(metric, prompt -> reply);
      assertThat(grader.grade(item(), "Well.").right()).as(reply).isFalse();
    }
    RubricMatch byPlace = grader(metric, prompt -> "A");
    assertThat(byPlace.grade(item(), "Well.").verdict().orElseThrow().turned()).isTrue();
  }

  @Test
  void labelledAnswers_tellHowFarTheJudgeAgreesWithPeople() {
    String settings =
        """
        {"name": "judge", "rubric": "Longer.", "labelled": [
          {"answer": "Very well.", "right": true}, {"answer": "Excellent, truly.", "right": true},
          {"answer": "Hm", "right": false}, {"answer": "Rather long but wrong.", "right": false}]}
        """;
    RubricMatch grader = grader(settings, RubricMatchTest::longer);
    grader.check(item());
    JudgeTally tally = grader.tally().orElseThrow();
    assertThat(tally).isEqualTo(new JudgeTally(4, 0, 2, 0, 1, 1));
    assertThat(tally.agreed()).isEqualTo(3);
    // people find 2 of 4 right, the judge 3 of 4: by chance they agree on half
    assertThat(tally.kappa()).isCloseTo(0.5, within(1e-12));
    assertThat(new JudgeTally(1, 0, 1, 0, 0, 0).kappa()).isNaN();
  }

  @Test
  void metric_withoutARubricOrWithWrongLabels_isRefused() {
    assertThatThrownBy(() -> grader("\"judge\"", p -> p)).isInstanceOf(BadInput.class);
    assertThatThrownBy(
            () ->
                grader(
                    "{\"name\": \"judge\", \"rubric\": \"r\", \"labelled\": [{\"answer\": \"x\"}]}",
                    p -> p))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("labelled");
  }

  /** Three models behind one endpoint: before, after, and the judge. */
  @Test
  void ledger_ofEndpoints_isJudgedByAnother() throws IOException {
    Path file = folder.resolve("manners.jsonl");
    Files.writeString(
        file,
        "{\"prompt\": \"How are you?\", \"completion\": \"Fine.\", \"metric\": {\"name\":"
            + " \"judge\", \"rubric\": \"Longer.\", \"labelled\": [{\"answer\": \"Hm\", \"right\":"
            + " false}]}}\n");
    Probe probe = new ProbeReader().read(file, ProbeKind.RETENTION);
    LedgerJob job = new LedgerJob(List.of(probe), 16, 8, 8, 0);
    try (FakeEndpoint endpoint = new FakeEndpoint(RubricMatchTest::answer)) {
      Sides sides =
          new Sides(
              Side.parse(endpoint.name() + "-before"), Side.parse(endpoint.name() + "-after"));
      Path store = folder.resolve("store.sqlite");
      Ledger ledger =
          job.measure(
              sides,
              models(Optional.of(Side.parse(endpoint.name() + "-judge"))),
              store,
              Progress.none());
      JsonNode document = LedgerJson.of(ledger);
      assertThat(document.get("probes").get(0).get("lost").asInt()).isEqualTo(1);
      assertThat(document.get("judged").get(0).get("agreement").asDouble()).isEqualTo(1);
      assertThat(document.get("judged").get(0).get("compared").asInt()).isEqualTo(3);
      assertThat(document.get("kl_nats_per_token").isNull()).isTrue();
      assertThat(LedgerText.of(ledger)).contains("agrees with 1 of 1 human labels");
      Ledger without = job.measure(sides, models(Optional.empty()), store, Progress.none());
      assertThat(without.probes()).isEmpty();
      assertThat(without.skipped().getFirst().reason()).isEqualTo("no judge: name one by --judge");
    }
  }

  private static LedgerJob.Models models(Optional<Side> judge) {
    return new LedgerJob.Models(
        name -> {
          throw new AssertionError(name);
        },
        (name, model, adapter) -> {
          throw new AssertionError(name);
        },
        (endpoint, store) ->
            RemoteSubject.of(
                endpoint, RemoteSettings.of(Map.of()), new AskingRound(1, "now"), store),
        judge);
  }

  private static String answer(FakeEndpoint.Request request) {
    String text = request.body().get("messages").get(0).get("content").asString();
    return FakeEndpoint.chat(
        switch (request.body().get("model").asString()) {
          case "tiny-before" -> "Very well, thank you.";
          case "tiny-after" -> "Hm.";
          default -> longer(text);
        },
        "stop");
  }
}
