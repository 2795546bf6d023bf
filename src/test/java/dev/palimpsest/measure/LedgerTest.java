package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class LedgerTest {
  private static final Loops LOOPS = new Loops(Set.of(), ids -> new String(ids, 0, ids.length));
  private static final SubjectKey BASE = new SubjectKey("w", "", "fp32", "t", "1");
  private static final SubjectKey TUNED = new SubjectKey("w", "a", "fp32", "t", "1");

  @TempDir private Path folder;

  private static ProbeItem ask(int i) {
    Optional<String> slice = Optional.of(i % 2 == 0 ? "even" : "odd");
    return new ProbeItem.Ask("q" + i, slice, Prompt.Chat.of("Q" + i), "A" + i, Metric.EXACT);
  }

  private Probe questions(int n) {
    return probe("questions", IntStream.range(0, n).mapToObj(LedgerTest::ask).toList());
  }

  private Probe probe(String name, List<ProbeItem> items) {
    return new Probe(name, ProbeKind.RETENTION, folder, items);
  }

  private static int number(String prompt) {
    return Integer.parseInt(prompt.substring(1));
  }

  /** Right on the questions below a number. */
  private static FakeAnswerer rightBelow(int limit) {
    return new FakeAnswerer(
        prompt -> number(prompt) < limit ? "a" + number(prompt) + "." : "no".repeat(20), text -> 0);
  }

  private static Subject subject(SubjectKey key, FakeAnswerer answerer) {
    return new Subject(key, () -> answerer, LOOPS);
  }

  private static Measurement measurement(ObservationStore store) {
    return new Measurement(store, Decoding.greedy(16), Progress.none());
  }

  private static Ledger measure(FakeAnswerer before, FakeAnswerer after, Probe... probes) {
    try (ObservationStore store = ObservationStore.inMemory()) {
      return Ledger.measure(
          measurement(store), subject(BASE, before), subject(TUNED, after), List.of(probes));
    }
  }

  @Test
  void questions_arePairedItemByItem() {
    Ledger ledger = measure(rightBelow(80), rightBelow(30), questions(100));
    ProbeResult result = ledger.probes().getFirst();
    assertThat(result.outcome()).isEqualTo(new Outcome.Rates(new PairedCounts(30, 50, 0, 20)));
    assertThat(result.slices().get("odd"))
        .isEqualTo(new Outcome.Rates(new PairedCounts(15, 25, 0, 10)));
    assertThat(result.lost()).hasSize(50).startsWith("q30").endsWith("q79");
    assertThat(result.won()).isEmpty();
    assertThat(result.loopsBefore()).isEqualTo(20);
    assertThat(result.loopsAfter()).isEqualTo(70);
    assertThat(result.sameAnswers()).contains(0.5);
  }

  @Test
  void document_hasTheFieldsThatScriptsRelyOn() {
    JsonNode document = LedgerJson.of(measure(rightBelow(80), rightBelow(30), questions(100)));
    JsonNode probe = document.get("probes").get(0);
    assertThat(probe.get("name").asString()).isEqualTo("questions");
    assertThat(probe.get("kind").asString()).isEqualTo("retention");
    assertThat(probe.get("metric").asString()).isEqualTo("exact");
    assertThat(probe.get("n").asInt()).isEqualTo(100);
    assertThat(probe.get("before").asDouble()).isEqualTo(0.8);
    assertThat(probe.get("after").asDouble()).isEqualTo(0.3);
    assertThat(probe.get("delta").asDouble()).isEqualTo(-0.5);
    assertThat(probe.get("lost").asInt()).isEqualTo(50);
    assertThat(probe.get("won").asInt()).isZero();
    assertThat(probe.get("mcnemar_p").asDouble()).isCloseTo(Math.pow(0.5, 49), within(1e-20));
    Interval interval = new PairedCounts(30, 50, 0, 20).interval();
    assertThat(probe.get("ci95").get(0).asDouble()).isEqualTo(interval.low());
    assertThat(probe.get("ci95").get(1).asDouble()).isEqualTo(interval.high());
    assertThat(probe.get("interval").asString()).isEqualTo("score");
    assertThat(probe.get("few").asBoolean()).isFalse();
    assertThat(probe.get("slices").get(1).get("slice").asString()).isEqualTo("odd");
    assertThat(probe.get("slices").get(1).get("lost").asInt()).isEqualTo(25);
    assertThat(document.get("kl_nats_per_token").isNull()).isTrue();
  }

  @Test
  void itemLines_haveOneLineEachWithBothAnswers() throws IOException {
    Path file = folder.resolve("items.jsonl");
    LedgerJson.writeItems(measure(rightBelow(2), rightBelow(1), questions(3)), file);
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(3);
    assertThat(lines.get(1))
        .isEqualTo(
            "{\"probe\":\"questions\",\"id\":\"q1\",\"before\":1,\"after\":0,\"answer_before\":"
                + "\"a1.\",\"answer_after\":\""
                + "no".repeat(20)
                + "\",\"loops_before\":false,\"loops_after\":true,\"slice\":\"odd\",\"prompt\":\"Q1\","
                + "\"completion\":\"A1\"}");
  }

  @Test
  void choices_areJudgedBySumAndByBytes() {
    List<String> texts = List.of("ab", "abcdefgh");
    ProbeItem item = new ProbeItem.Choose("c", Optional.empty(), Prompt.Chat.of("Q"), texts, 1);
    FakeAnswerer before = new FakeAnswerer(p -> p, text -> -1.0 * text.length());
    // by sum the short one stays ahead, by bytes the long one is
    FakeAnswerer after = new FakeAnswerer(p -> p, text -> text.length() > 2 ? -4 : -2);
    ProbeResult result =
        measure(before, after, probe("choices", List.of(item))).probes().getFirst();
    assertThat(result.outcome()).isEqualTo(new Outcome.Rates(new PairedCounts(0, 0, 0, 1)));
    assertThat(result.byBytes()).contains(new Outcome.Rates(new PairedCounts(0, 0, 1, 0)));
    assertThat(result.rows().getFirst().answerBefore()).contains("ab");
    assertThat(before.judged).hasSize(2);
  }

  @Test
  void texts_areInBitsAByteWithoutTheFirstToken() throws IOException {
    List<ProbeItem> items =
        List.of(
            new ProbeItem.Read("a", Optional.empty(), "aaaaa"),
            new ProbeItem.Read("b", Optional.empty(), "bbbbbbbbb"));
    FakeAnswerer before = new FakeAnswerer(p -> p, text -> -Math.log(2) * text.length());
    FakeAnswerer after = new FakeAnswerer(p -> p, text -> -Math.log(2) * (text.length() + 3));
    Ledger ledger = measure(before, after, probe("prose", items));
    Outcome outcome = ledger.probes().getFirst().outcome();
    // 5 and 9 characters, of which 4 and 8 bytes are scored
    assertThat(outcome.before()).isCloseTo(14 / 12.0, within(1e-12));
    assertThat(outcome.after()).isCloseTo(20 / 12.0, within(1e-12));
    assertThat(outcome.delta()).isCloseTo(0.5, within(1e-12));
    assertThat(outcome.interval().orElseThrow().contains(0.5)).isTrue();
    JsonNode probe = LedgerJson.of(ledger).get("probes").get(0);
    // 14 bits over 14 tokens, as the fake counts them
    assertThat(probe.get("perplexity").get("before").asDouble()).isCloseTo(2, within(1e-12));
    assertThat(probe.get("perplexity").get("after").asDouble())
        .isCloseTo(Math.pow(2, 20 / 14.0), within(1e-12));
    assertThat(probe.get("lost").isNull()).isTrue();
    assertThat(probe.get("won").isNull()).isTrue();
    assertThat(probe.get("mcnemar_p").isNull()).isTrue();
    Path file = folder.resolve("items.jsonl");
    LedgerJson.writeItems(ledger, file);
    assertThat(Files.readString(file))
        .contains("\"before\":1.25,")
        .contains("\"answer_before\":null");
  }

  @Test
  void secondLedger_asksTheChangedSideOnly() {
    Path file = folder.resolve("cache").resolve("store.sqlite");
    Probe probe = questions(10);
    FakeAnswerer base = rightBelow(8);
    try (ObservationStore store = ObservationStore.open(file)) {
      Ledger.measure(
          measurement(store), subject(BASE, base), subject(TUNED, rightBelow(3)), List.of(probe));
    }
    FakeAnswerer tuned = rightBelow(5);
    SubjectKey other = new SubjectKey("w", "b", "fp32", "t", "1");
    try (ObservationStore store = ObservationStore.open(file)) {
      Subject unloaded =
          new Subject(
              BASE,
              () -> {
                throw new AssertionError("the cached side was loaded");
              },
              LOOPS);
      Ledger ledger =
          Ledger.measure(measurement(store), unloaded, subject(other, tuned), List.of(probe));
      assertThat(ledger.probes().getFirst().outcome())
          .isEqualTo(new Outcome.Rates(new PairedCounts(5, 3, 0, 2)));
    }
    assertThat(base.asked).hasSize(10);
    assertThat(tuned.asked).hasSize(10);
  }

  @Test
  void everyPartOfTheKey_asksAnew() {
    Probe probe = questions(1);
    Subject cached = subject(BASE, rightBelow(1));
    List<SubjectKey> others =
        List.of(
            new SubjectKey("x", "", "fp32", "t", "1"),
            new SubjectKey("w", "x", "fp32", "t", "1"),
            new SubjectKey("w", "", "x", "t", "1"),
            new SubjectKey("w", "", "fp32", "x", "1"),
            new SubjectKey("w", "", "fp32", "t", "x"));
    try (ObservationStore store = ObservationStore.inMemory()) {
      Ledger.measure(measurement(store), cached, cached, List.of(probe));
      for (SubjectKey key : others) {
        FakeAnswerer fresh = rightBelow(1);
        Ledger.measure(measurement(store), cached, subject(key, fresh), List.of(probe));
        assertThat(fresh.asked).as(key.toString()).hasSize(1);
      }
      FakeAnswerer fresh = rightBelow(1);
      Measurement longer = new Measurement(store, Decoding.greedy(17), Progress.none());
      Ledger.measure(longer, subject(BASE, fresh), subject(BASE, fresh), List.of(probe));
      assertThat(fresh.asked).hasSize(1);
    }
  }

  @Test
  void killedMeasurement_goesOnWhereItStopped() {
    Path file = folder.resolve("store.sqlite");
    Probe probe = questions(200);
    FakeAnswerer dying =
        new FakeAnswerer(
            prompt -> {
              if (number(prompt) == 150) {
                throw new IllegalStateException("killed");
              }
              return "a" + number(prompt);
            },
            text -> 0);
    try (ObservationStore store = ObservationStore.open(file)) {
      Subject subject = subject(BASE, dying);
      assertThatThrownBy(() -> Ledger.measure(measurement(store), subject, subject, List.of(probe)))
          .hasMessage("killed");
    }
    FakeAnswerer second = rightBelow(200);
    List<Progress.Point> points = new ArrayList<>();
    try (ObservationStore store = ObservationStore.open(file)) {
      Subject subject = subject(BASE, second);
      Ledger ledger =
          Ledger.measure(
              new Measurement(store, Decoding.greedy(16), points::add),
              subject,
              subject,
              List.of(probe));
      assertThat(ledger.probes().getFirst().outcome().before()).isEqualTo(1);
    }
    assertThat(second.asked).hasSize(72).startsWith("Q128");
    assertThat(points.getFirst())
        .isEqualTo(new Progress.Point("questions, before", 128, 200, "items", ""));
  }

  @Test
  void drawnAnswers_areRefused() {
    try (ObservationStore store = ObservationStore.inMemory()) {
      assertThatThrownBy(() -> new Measurement(store, Decoding.sample(16, 1), Progress.none()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("greedy");
    }
  }

  @Test
  void store_refusesChanges() throws Exception {
    Path file = folder.resolve("store.sqlite");
    try (ObservationStore store = ObservationStore.open(file)) {
      store.append(Map.of("k", "first"));
      store.append(Map.of("k", "second"));
      assertThat(store.find(List.of("k", "l"))).containsExactly(Map.entry("k", "first"));
    }
    try (Connection direct = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = direct.createStatement()) {
      assertThatThrownBy(() -> statement.execute("DELETE FROM observation"))
          .hasMessageContaining("append-only");
      assertThat(statement.executeQuery("PRAGMA journal_mode").getString(1)).isEqualTo("wal");
    }
  }

  @Test
  void completionThatCannotBeGraded_isRefusedBeforeAnythingIsAsked() {
    ProbeItem bad =
        new ProbeItem.Ask("bad", Optional.empty(), Prompt.Chat.of("Q0"), "?", Metric.EXACT);
    FakeAnswerer answerer = rightBelow(1);
    assertThatThrownBy(
            () -> measure(answerer, answerer, questions(5), probe("marks", List.of(bad))))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("probe marks: item bad: the completion has no letter");
    assertThat(answerer.asked).isEmpty();
  }

  private static List<Judgement.Verdict> verdicts(Ledger ledger) {
    return new Threshold(Threshold.Rule.FAIL_IF_LOST, 0.01)
        .hold(ledger).probes().stream().map(Judgement::verdict).toList();
  }

  @Test
  void verdicts_areLostKeptOrUndecided() {
    Probe large = questions(1000);
    assertThat(verdicts(measure(rightBelow(900), rightBelow(840), large)))
        .containsExactly(Judgement.Verdict.LOST);
    assertThat(verdicts(measure(rightBelow(900), rightBelow(900), large)))
        .containsExactly(Judgement.Verdict.KEPT);
    assertThat(verdicts(measure(rightBelow(900), rightBelow(888), large)))
        .containsExactly(Judgement.Verdict.UNDECIDED);
  }

  @Test
  void verdictsOverManyRetentionProbes_areCorrected() {
    // by itself below the margin, but not as one of six
    FakeAnswerer before = rightBelow(100);
    FakeAnswerer after = rightBelow(93);
    Probe touched = questions(100);
    Outcome alone = measure(before, after, touched).probes().getFirst().outcome();
    assertThat(alone.pLost(0.01)).isBetween(0.025 / 6, 0.025);
    assertThat(verdicts(measure(before, after, touched))).containsExactly(Judgement.Verdict.LOST);
    Probe untouched = questions(90);
    assertThat(
            verdicts(
                    measure(
                        before, after, touched, untouched, untouched, untouched, untouched,
                        untouched))
                .getFirst())
        .isEqualTo(Judgement.Verdict.UNDECIDED);
  }

  private Probe ofDocuments(int n, int each) {
    Map<String, String> documents = new HashMap<>();
    IntStream.range(0, n).forEach(i -> documents.put("q" + i, "document " + i / each));
    return new Probe(
        "questions",
        ProbeKind.RETENTION,
        folder,
        IntStream.range(0, n).mapToObj(LedgerTest::ask).toList(),
        documents);
  }

  @Test
  void itemsOfOneDocument_areClustered() {
    Outcome alone = outcome(questions(400));
    Outcome.Rates together = (Outcome.Rates) outcome(ofDocuments(400, 20));

    assertThat(together.counts()).isEqualTo(((Outcome.Rates) alone).counts());
    Interval wide = together.interval().orElseThrow();
    Interval narrow = alone.interval().orElseThrow();
    assertThat(wide.method()).isEqualTo(Interval.Method.CLUSTERED);
    assertThat(wide.high() - wide.low()).isGreaterThan(3 * (narrow.high() - narrow.low()));
    // 40 items lost are beyond doubt, two documents are not
    assertThat(alone.pLost(0.01)).isLessThan(1e-6);
    assertThat(together.pLost(0.01)).isGreaterThan(0.025);
  }

  private Outcome outcome(Probe probe) {
    return measure(rightBelow(400), rightBelow(360), probe).probes().getFirst().outcome();
  }

  @Test
  void documentsOfOneItem_changeNothing() {
    assertThat(outcome(ofDocuments(400, 1))).isEqualTo(outcome(questions(400)));
  }

  @Test
  void textsOfOneDocument_areOneUnit() {
    List<ProbeItem> items =
        List.of(
            new ProbeItem.Read("a", Optional.empty(), "aaaaa"),
            new ProbeItem.Read("b", Optional.empty(), "bbbbbbbbb"));
    Probe one =
        new Probe("prose", ProbeKind.RETENTION, folder, items, Map.of("a", "book", "b", "book"));
    FakeAnswerer answerer = new FakeAnswerer(p -> p, text -> -Math.log(2) * text.length());
    Outcome outcome = measure(answerer, answerer, one).probes().getFirst().outcome();
    assertThat(outcome.n()).isEqualTo(2);
    assertThat(outcome.interval()).isEmpty();
    assertThat(outcome.pLost(0.01)).isEqualTo(1);
  }

  @Test
  void thresholds_areMissedByWhatIsLostAndByWhatIsUndecided() {
    Threshold fail = new Threshold(Threshold.Rule.FAIL_IF_LOST, 0.01);
    Threshold require = new Threshold(Threshold.Rule.REQUIRE_KEPT, 0.01);
    Probe probe = questions(1000);
    Ledger lost = measure(rightBelow(900), rightBelow(840), probe);
    Ledger kept = measure(rightBelow(900), rightBelow(900), probe);
    Ledger undecided = measure(rightBelow(900), rightBelow(888), probe);
    assertThat(List.of(fail.missedBy(lost), require.missedBy(lost))).containsExactly(true, true);
    assertThat(List.of(fail.missedBy(kept), require.missedBy(kept))).containsExactly(false, false);
    assertThat(List.of(fail.missedBy(undecided), require.missedBy(undecided)))
        .containsExactly(false, true);
  }

  @Test
  void thresholds_standInTheDocumentAndBelowTheTable() {
    Threshold require = new Threshold(Threshold.Rule.REQUIRE_KEPT, 0.01);
    Ledger ledger = measure(rightBelow(900), rightBelow(888), questions(1000));
    HeldLedger held = HeldLedger.of(ledger, List.of(require), Optional.empty());
    JsonNode node = LedgerJson.of(held).get("thresholds").get(0);
    assertThat(node.get("rule").asString()).isEqualTo("require_kept");
    assertThat(node.get("margin").asDouble()).isEqualTo(0.01);
    assertThat(node.get("missed").asBoolean()).isTrue();
    JsonNode judged = node.get("probes").get(0);
    assertThat(judged.get("verdict").asString()).isEqualTo("undecided");
    assertThat(judged.get("confidence").asDouble()).isEqualTo(0.95);
    assertThat(judged.get("items_to_decide").asLong()).isGreaterThan(1000);
    assertThat(judged.get("items_to_see").asLong())
        .isEqualTo(Significance.itemsNeeded(0.01, 0.012, 0.8));
    assertThat(LedgerText.of(held, Optional.empty()))
        .contains("--require-kept 1%: missed")
        .containsPattern(
            "questions +undecided Δ -0\\.0.* at 95 %; about [0-9]+ items would decide");
  }

  @Test
  void verdict_isLost_exactlyWhereTheIntervalOfHolmsStepLiesBelow() {
    Probe probe = questions(200);
    Ledger ledger =
        measure(rightBelow(200), rightBelow(183), probe, probe, questions(150), questions(185));
    List<Judgement> judged = new Threshold(Threshold.Rule.FAIL_IF_LOST, 0.02).hold(ledger).probes();
    assertThat(judged).extracting(Judgement::verdict).contains(Judgement.Verdict.LOST);
    assertThat(judged.getFirst().confidence()).isEqualTo(1 - 0.05 / 4);
    for (Judgement each : judged) {
      assertThat(each.interval().orElseThrow().high() < -0.02)
          .isEqualTo(each.verdict() == Judgement.Verdict.LOST);
    }
  }

  @Test
  void threshold_withoutARetentionProbe_isRefused() {
    Probe gain = new Probe("g", ProbeKind.GAIN, folder, List.of(ask(1)));
    List<Threshold> asked = List.of(new Threshold(Threshold.Rule.REQUIRE_KEPT, 0.01));
    assertThatThrownBy(() -> Threshold.requireRetention(asked, List.of(gain)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--require-kept");
  }

  @Test
  void divergence_isClusteredByText() {
    Divergence divergence =
        Divergence.of(
            "base-written text",
            List.of(
                new Divergence.Text(2, 10, 40, 44, 40, 9),
                new Divergence.Text(1, 20, 60, 62, 60, 18)));
    assertThat(divergence.klNatsPerToken())
        .isEqualTo(Ratio.of(new double[] {2, 1}, new double[] {10, 20}));
    assertThat(divergence.klNatsPerToken().value()).isEqualTo(0.1);
    assertThat(divergence.topAgreement()).isEqualTo(0.9);
    JsonNode document =
        LedgerJson.of(new Ledger(List.of(), Optional.of(divergence), Optional.empty()));
    assertThat(document.get("kl_nats_per_token").asDouble()).isEqualTo(0.1);
    assertThat(document.get("bits_per_byte").get("before").asDouble()).isEqualTo(1);
    assertThat(document.get("bits_per_byte").get("after").asDouble()).isEqualTo(1.06);
    assertThat(Json.parse(Json.write(document), "").get("kl").get("texts").asInt()).isEqualTo(2);
  }
}
