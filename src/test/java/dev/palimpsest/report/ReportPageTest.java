package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.RunLedger;
import dev.palimpsest.measure.Side;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tune.Tuner;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.InflaterInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ReportPageTest {
  private static final Pattern REFERENCE =
      Pattern.compile("(?i)\\s(?:src|href|srcset|action|data|xlink:href|poster)=\"([^\"]*)\"");

  @TempDir private Path folder;

  @Test
  void page_needsNothingFromElsewhere() throws IOException {
    String html = written(SampleReport.full());

    List<String> references = groups(REFERENCE, html);
    assertThat(references).isNotEmpty().allMatch(reference -> reference.startsWith("#"));
    assertThat(html)
        .doesNotContain("<link", "@import", "url(")
        .doesNotContainPattern("<[^>]* on\\w+=");
  }

  @Test
  void page_runsItsOwnScriptOnly() throws Exception {
    String html = written(SampleReport.full());

    assertThat(groups(Pattern.compile("<script([^>]*)>"), html))
        .containsExactly(" type=\"text/plain\" id=\"item-data\"", "");
    String script = groups(Pattern.compile("(?s)<script>(.*?)</script>"), html).getFirst();
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
    assertThat(html)
        .contains("default-src &#39;none&#39;")
        .contains("script-src &#39;sha256-" + Base64.getEncoder().encodeToString(hash) + "&#39;");
  }

  @Test
  void page_linksAndLabels_findTheirTargetsOnce() throws IOException {
    String html = written(SampleReport.full());
    List<String> ids = groups(Pattern.compile(" id=\"([^\"]+)\""), html);

    assertThat(ids).doesNotHaveDuplicates();
    Set<String> wanted = new HashSet<>(groups(Pattern.compile(" href=\"#([^\"]+)\""), html));
    for (String labels : groups(Pattern.compile(" aria-labelledby=\"([^\"]+)\""), html)) {
      wanted.addAll(List.of(labels.split(" ", -1)));
    }
    assertThat(wanted).hasSizeGreaterThan(10).isSubsetOf(ids);
  }

  @Test
  void page_ofHostileAnswers_showsThemAsText() throws IOException {
    String html = written(SampleReport.full());

    assertThat(html)
        .contains("&lt;/dd&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;q&quot;")
        .contains("\u2407⟦U+202E⟧")
        .doesNotContain("</dd><script>");
  }

  @Test
  void page_numbers_standInTheText() throws IOException {
    PairedCounts counts = new PairedCounts(60, 40, 12, 88);
    Ledger ledger =
        new Ledger(
            List.of(
                SampleReport.probe("sums", ProbeKind.RETENTION, counts, 1),
                SampleReport.probe("task", ProbeKind.GAIN, new PairedCounts(5, 0, 30, 15), 2)),
            Optional.empty(),
            Optional.empty());
    String html = written(page(ArmReport.of("arm", "", ledger)));

    // 52 of 200 changed: Δ = (12 - 40) / 200; McNemar's p of 12 against 40 is 0.00013
    assertThat(text(html))
        .contains("sums exact retention 200 50.0\u00a0% 36.0\u00a0% \u221214.0")
        .contains(Numbers.points(counts.interval()) + " score 40 12 0.0001")
        .contains("Gain: +60.0 points", "\u25b2 gained, beyond doubt")
        .contains("Retention: \u221214.0 points", "\u25bc lost, beyond doubt")
        .contains("Lost, sums: 40 items");
    assertThat(html).contains("<svg", "gained +60.0", "lost +14.0");
  }

  @Test
  void page_intervalsOfLoss_areMirrored() {
    PairedCounts counts = new PairedCounts(60, 40, 12, 88);
    Ledger ledger =
        new Ledger(
            List.of(
                SampleReport.probe("sums", ProbeKind.RETENTION, counts, 1),
                SampleReport.probe("task", ProbeKind.GAIN, new PairedCounts(5, 0, 30, 15), 2)),
            Optional.empty(),
            Optional.empty());
    PathPoint place = PathPoint.of("arm", ledger).orElseThrow();

    assertThat(place.loss()).isEqualTo(0.14);
    assertThat(place.lossInterval().orElseThrow().low()).isEqualTo(-counts.interval().high());
    assertThat(place.lossInterval().orElseThrow().high()).isEqualTo(-counts.interval().low());
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 20_000})
  void page_ofManyItems_isUnder5MegabytesAndHasEveryAnswer(int items) throws IOException {
    LedgerView ledger = SampleReport.large(items);
    Path file = folder.resolve("large.html");
    ArmReport arm = new ArmReport("arm", "", Optional.of(ledger), List.of());
    ReportPage.write(file, page(arm));
    String html = Files.readString(file);

    assertThat(Files.size(file)).isLessThan(5_000_000);
    JsonNode data = unpacked(html);
    JsonNode part = data.get("parts").get(0);
    JsonNode set = data.get("sets").get(part.get("set").asInt());
    List<LedgerView.Item> all = ledger.probes().getFirst().items();
    assertThat(all).hasSize(items);
    assertThat(part.get("marks").asString()).hasSize(items);
    for (int i = 0; i < items; i++) {
      LedgerView.Item item = all.get(i);
      assertThat(set.get("id").get(i).asString()).isEqualTo(item.row().id());
      assertThat(set.get("asked").get(i).asString()).isEqualTo(item.asked().orElseThrow());
      String right = set.get("right").get(i).asString();
      assertThat(right).isEqualTo(item.right().orElseThrow());
      String before = answer(part.get("before").get(i), right, "");
      assertThat(before).isEqualTo(item.row().answerBefore().orElseThrow());
      assertThat(answer(part.get("after").get(i), right, before))
          .isEqualTo(item.row().answerAfter().orElseThrow());
      int marks = Character.digit(part.get("marks").asString().charAt(i), 32);
      assertThat(marks & 3).isEqualTo((int) (item.row().before() + 2 * item.row().after()));
    }
  }

  @Test
  void page_ofManyLongAnswers_isUnder5MegabytesAndSaysWhatIsCut() throws IOException {
    Path file = folder.resolve("huge.html");
    LedgerView ledger = SampleReport.large(20_000, 80);
    ReportPage.write(file, page(new ArmReport("arm", "", Optional.of(ledger), List.of())));
    String html = Files.readString(file);

    assertThat(Files.size(file)).isBetween(2_000_000L, 5_000_000L);
    assertThat(html)
        .containsPattern("texts longer than [\\d,]+ characters are cut")
        .containsPattern("Shown: the first [\\d,]+ of [\\d,]+, to keep this file small");
    assertThat(unpacked(html).get("parts").get(0).get("marks").asString()).hasSize(20_000);
  }

  private static String answer(JsonNode value, String right, String before) {
    return value.isString() ? value.asString() : value.asInt() == 1 ? right : before;
  }

  private static JsonNode unpacked(String html) throws IOException {
    String packed = groups(Pattern.compile("id=\"item-data\">([^<]*)</script>"), html).getFirst();
    try (InputStream in =
        new InflaterInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(packed)))) {
      return Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), "the page");
    }
  }

  @Test
  void allowance_givesShortListsWhollyAndLongOnesAlike() {
    assertThat(ItemLists.allowance(new long[] {10, 500, 800}, 210)).isEqualTo(100);
    assertThat(ItemLists.allowance(new long[] {10, 20}, 30)).isEqualTo(Long.MAX_VALUE);
    assertThat(ItemLists.allowance(new long[] {}, 30)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void colouredText_tokens_haveTheirNumbersAndColours() throws IOException {
    ColouredText coloured =
        new ColouredText(
            "A text",
            "lead",
            List.of(
                new ColouredText.TokenChange(" a", -0.5, -3),
                new ColouredText.TokenChange(" <b>", -1.25, -0.65),
                new ColouredText.TokenChange(" c", -1, -1.01)));
    String html = written(new ReportData("T", "F.", List.of(), List.of(coloured), List.of()));

    assertThat(html)
        .contains(
            "<span class=\"less4\" title=\"\u22122.50: \u22120.50 \u2192 \u22123.00\"> a</span>")
        .contains(
            "<span class=\"more2\" title=\"+0.60: \u22121.25 \u2192 \u22120.65\"> &lt;b&gt;</span>")
        .contains("<span title=\"\u22120.01: \u22121.00 \u2192 \u22121.01\"> c</span>");
  }

  @Test
  void colouredText_withoutRoom_saysHowMuchIsShown() throws IOException {
    List<ColouredText.TokenChange> tokens = new ArrayList<>();
    for (int i = 0; i < 50_000; i++) {
      tokens.add(new ColouredText.TokenChange(" word", -1, -2));
    }
    Path file = folder.resolve("long.html");
    ColouredText coloured = new ColouredText("Long", "", tokens);
    ReportPage.write(file, new ReportData("T", "F.", List.of(), List.of(coloured), List.of()));

    assertThat(Files.size(file)).isLessThan(1_200_000);
    assertThat(Files.readString(file)).contains(" of 50,000 tokens, to keep this file small");
  }

  @Test
  void ofRun_finishedWithLedger_showsCurveCostSettingsAndItems() throws IOException {
    Path run = run(true);
    Ledger ledger =
        new Ledger(
            List.of(
                SampleReport.probe("sums", ProbeKind.RETENTION, new PairedCounts(9, 4, 1, 6), 1)),
            Optional.empty(),
            Optional.empty());
    Files.writeString(run.resolve("ledger.json"), LedgerJson.of(ledger).toString());
    LedgerJson.writeItems(ledger, run.resolve("items.jsonl"));

    ReportData data = ReportPage.ofRun(run);
    assertThat(data.finding())
        .isEqualTo("Finished after 3 steps; the training loss went from 3.000 to 1.000.");
    String html = written(data);
    assertThat(text(html))
        .contains("What it could do before \u221215.0 points")
        .contains("4 lost, 1 won, of 20 items, one probe");
    assertThat(text(html))
        .contains("trained tokens 300")
        .contains("time 1 min 05 s")
        .contains("peak memory 1.50 GB")
        .contains("tokens a second 4.6")
        .contains("job.lora.rank 16")
        .contains("Lost, sums: 4 items")
        .contains("2 2.0000 2.5000");
    // a ledger in memory and one from files give the same numbers
    LedgerView.Change direct = LedgerView.of(ledger).probes().getFirst().all();
    assertThat(data.arms().getFirst().ledger().orElseThrow().probes().getFirst().all())
        .isEqualTo(direct);
  }

  @Test
  void ofRun_adapterChangedAfterTheLedger_saysSo() throws IOException {
    Path run = run(true);
    Path weights = run.resolve("adapter/adapter_model.safetensors");
    Files.createDirectories(run.resolve("adapter"));
    Files.writeString(weights, "one");
    Side before = new Side("model", Optional.empty());
    Side after = new Side("model", Optional.of(run.resolve("adapter")));
    Ledger ledger = new Ledger(List.of(), Optional.empty(), Optional.empty());
    RunLedger.of(before, after).orElseThrow().write(ledger);
    assertThat(ReportPage.ofRun(run).finding()).doesNotContain("again");

    Files.writeString(weights, "two");

    ReportData data = ReportPage.ofRun(run);
    assertThat(data.finding()).endsWith("of an earlier adapter, and to be taken again: ledger.");
    assertThat(data.settings())
        .contains(new Fact("ledger, before", "model"))
        .contains(new Fact("ledger, after", "model+" + run.resolve("adapter")));
  }

  @Test
  void curve_long_saysWhatIsDrawnAndListsTheHeldOutLosses() throws IOException {
    String html =
        written(
            page(
                new ArmReport("arm", "", Optional.empty(), List.of())
                    .withCurve(SampleReport.curve(5000, 1))));

    assertThat(html).contains("800 steps, 50 of 100 rings", "of 5,000 steps");
    assertThat(groups(Pattern.compile("<circle class=\"heldout\"([^>]*)>"), html)).hasSize(50);
    assertThat(text(html)).containsPattern(" 5,000 \\d\\.\\d{4} \\d\\.\\d{4} ");
  }

  @Test
  void page_ofAWholeLedger_showsWhatItMeasured() throws IOException {
    String text = text(written(page(SampleReport.whole())));

    assertThat(text)
        .contains("--require-kept 1\u00a0%: missed")
        .containsPattern("Undecided: common \\(about [\\d,]+ items would decide\\)")
        .contains("common \u25c6 undecided [")
        .contains("The change against the control random")
        .contains(
            "common retention \u22122.0 96.0\u00a0% 88.9\u00a0% \u22127.1 [\u221218.0, +3.0] 4 1 1"
                + " 0.1875 \u25c6")
        .contains("facts exact retention 60 20.0\u00a0% 23.3")
        .contains("form-4 in the training data")
        .contains("sums 2 60 ")
        .contains("code 3 iverilog is not installed 1, 2, 3")
        .contains("facts local judge 40 5 20 80.0\u00a0% 0.60")
        .contains("60 58 \u2192 41 2 \u2192 9")
        .contains("en 50, de 2 \u2192 en 40, fr 12")
        .contains("Loops grew: see that answers end with the end-of-turn token")
        .contains("Fewer answers end by themselves on common")
        .contains("Answers in another language on common")
        .contains("Not looked through for probe items: data.jsonl: has changed since the run");
  }

  @Test
  void pooled_itemsOfOneDocument_haveAClusteredIntervalAndP() {
    LedgerView ledger = SampleReport.clustered(true);
    LedgerView.Change all = ledger.probes().getFirst().all();
    LedgerView.Change pooled = ledger.pooled(ProbeKind.RETENTION).orElseThrow();

    assertThat(all.documents()).isEqualTo(30);
    assertThat(pooled.interval()).isEqualTo(all.interval());
    assertThat(pooled.interval().orElseThrow().method()).isEqualTo(Interval.Method.CLUSTERED);
    // items of a document change together: McNemar's p of the same counts is far smaller
    assertThat(all.p().orElseThrow()).isEqualTo(pooled.p().orElseThrow());
    assertThat(all.p().orElseThrow()).isGreaterThan(10 * all.counts().orElseThrow().mcnemarP());
    // without the lines nothing is known of how the items of both probes hang together
    assertThat(SampleReport.clustered(false).pooled(ProbeKind.RETENTION).orElseThrow().interval())
        .isEmpty();
  }

  @Test
  void ofRun_measuredOverTime_showsItsPathAndItsSamples() throws IOException {
    Path run = run(true);
    Files.writeString(run.resolve("path.json"), SampleReport.path().toString());
    Files.writeString(run.resolve("samples.json"), SampleReport.samples().toString());
    Files.writeString(run.resolve("samples.jsonl"), String.join("\n", SampleReport.sampleLines()));

    Files.writeString(folder.resolve("recovery.json"), SampleReport.RECOVERY);

    String html = written(ReportPage.ofRun(run, folder));
    assertThat(text(html))
        .contains("\u25b2 Suppressed: what was lost comes back")
        .contains("lost, asked 20 15 75.0\u00a0% [50.9\u00a0%, 91.3\u00a0%]")
        .contains("+55.0 points [+25.1, +74.2], Fisher&#39;s exact p 0.0012")
        .contains("Checkpoints of my-run: 3 points", "The adapter scaled, my-run: 3 points")
        .contains("step 20 \u22125.0 [", "end \u00d7 0.5")
        .contains("lost 1 25.0\u00a0% 0.500 1.500 right under the base")
        .contains("4 samples, each right in a state if greedy decoding writes it.")
        .contains("s4 lost, rose 7 0.500 1.500 1")
        .contains("Checkpoints that were left out: step 40.");
    assertThat(html).contains("class=\"spark\"").contains("class=\"stop dial\"");
  }

  @Test
  void ofRun_stillAtWork_saysSo() throws IOException {
    ReportData data = ReportPage.ofRun(run(false));

    assertThat(data.finding())
        .startsWith("Not finished after 3 steps")
        .contains("no ledger was taken (ledger --after MODEL+")
        .endsWith("takes one).");
    assertThat(written(data)).doesNotContain("class=\"cards\"", "id=\"frontier\"");
  }

  @Test
  void ofRun_ledgerOfAnotherFormat_isRefusedByName() throws IOException {
    Path run = run(true);
    Files.writeString(run.resolve("ledger.json"), "{\"format\":\"other\"}");

    assertThatThrownBy(() -> ReportPage.ofRun(run))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("ledger.json")
        .hasMessageContaining("'other'");
  }

  @Test
  void ofRun_ledgerWhoseCountsCannotBe_isRefusedByName() throws IOException {
    Path run = run(true);
    Files.writeString(
        run.resolve("ledger.json"),
        "{\"format\":\"palimpsest-ledger/1\",\"probes\":[{\"name\":\"p\",\"n\":2,\"before\":0.5,"
            + "\"after\":0,\"delta\":-0.5,\"lost\":7,\"won\":0}]}");

    assertThatThrownBy(() -> ReportPage.ofRun(run))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("ledger.json");
  }

  @Test
  void ofRun_tornItemLine_isNamedByItsLine() throws IOException {
    Path run = run(true);
    Files.writeString(
        run.resolve("ledger.json"), "{\"format\":\"palimpsest-ledger/1\",\"probes\":[]}");
    Files.writeString(run.resolve("items.jsonl"), "{\"probe\":\"p\"}\n{\"pro");

    assertThatThrownBy(() -> ReportPage.ofRun(run))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("items.jsonl, line 2");
  }

  private Path run(boolean finished) {
    Path run = folder.resolve("my-run");
    try (RunFolder open =
        RunFolder.create(run, Map.of("job", Map.of("lora", Map.of("rank", 16)), "base", "f00d"))) {
      for (int step = 1; step <= 3; step++) {
        open.log(step, line(step));
      }
      if (finished) {
        open.finish(
            new Tuner.Result(
                3,
                300,
                90,
                65,
                4.6,
                1,
                OptionalDouble.empty(),
                1_500_000_000,
                true,
                OptionalLong.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                Optional.empty()));
      }
    }
    return run;
  }

  private static Map<String, Object> line(int step) {
    Map<String, Object> line =
        new TreeMap<>(Map.of("step", step, "loss", 4.0 - step, "tokens", 100));
    if (step == 2) {
      line.put("eval_loss", 2.5);
    }
    return line;
  }

  private static ReportData page(ArmReport arm) {
    return new ReportData("Title", "Finding.", List.of(arm), List.of(), List.of());
  }

  private String written(ReportData data) throws IOException {
    Path file = folder.resolve("report.html");
    ReportPage.write(file, data);
    return Files.readString(file);
  }

  private static List<String> groups(Pattern pattern, String html) {
    List<String> groups = new ArrayList<>();
    Matcher matcher = pattern.matcher(html);
    while (matcher.find()) {
      groups.add(matcher.group(1));
    }
    return groups;
  }

  /** What a reader without styles and scripts has, spaces run together. */
  private static String text(String html) {
    return html.replaceAll("(?s)<style>.*?</style>", "")
        .replaceAll("(?s)<script.*?</script>", "")
        .replaceAll("<[^>]*>", " ")
        .replaceAll("[ \n]+", " ")
        .replace(" :", ":");
  }
}
