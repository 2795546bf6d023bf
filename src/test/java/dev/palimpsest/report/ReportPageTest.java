package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.RunLedger;
import dev.palimpsest.measure.Side;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        .doesNotContain("<script", "<link", "@import", "url(")
        .doesNotContainPattern("<[^>]* on\\w+=");
    assertThat(html).contains("default-src &#39;none&#39;");
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
        .contains("Gain: +60.0 points")
        .contains("Retention: \u221214.0 points")
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

  @Test
  void page_of20000LostItems_isUnder5MegabytesAndSaysWhatItShows() throws IOException {
    Path file = folder.resolve("large.html");
    ReportPage.write(file, SampleReport.large(20_000));
    String html = Files.readString(file);

    assertThat(Files.size(file)).isBetween(3_000_000L, 5_000_000L);
    int shown = groups(Pattern.compile("<h5>(large-\\d+)</h5>"), html).size();
    int lost =
        Integer.parseInt(
            groups(Pattern.compile("Shown: the first ([\\d,]+) of 20,000, to keep"), html)
                .getFirst()
                .replace(",", ""));
    int loops =
        Integer.parseInt(
            groups(Pattern.compile("Shown: the first ([\\d,]+) of 2,858, to keep"), html).stream()
                .findFirst()
                .orElse("2,858")
                .replace(",", ""));
    assertThat(shown).isEqualTo(lost + loops);
    // a short list is whole
    assertThat(html).contains("Lost, small: 3 items").contains("<h5>small-2</h5>");
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
        .startsWith("Finished after 3 steps; the training loss went from 3.000 to 1.000")
        .contains("\u221215.0 points", "4 lost, 1 won, of 20");
    String html = written(data);
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
    assertThat(ReportPage.ofRun(run).finding()).doesNotContain("take it again");

    Files.writeString(weights, "two");

    ReportData data = ReportPage.ofRun(run);
    assertThat(data.finding()).endsWith("it is of an earlier adapter, take it again.");
    assertThat(data.settings())
        .contains(new Fact("ledger, before", "model"))
        .contains(new Fact("ledger, after", "model+" + run.resolve("adapter")));
  }

  @Test
  void curve_long_saysWhatIsDrawnAndListsTheHeldOutLosses() throws IOException {
    String html =
        written(
            page(
                new ArmReport(
                    "arm",
                    "",
                    Optional.empty(),
                    List.of(),
                    List.of(),
                    SampleReport.curve(5000, 1),
                    List.of())));

    assertThat(html).contains("800 steps, 50 of 100 rings", "of 5,000 steps");
    assertThat(groups(Pattern.compile("<circle class=\"heldout\"([^>]*)>"), html)).hasSize(50);
    assertThat(text(html)).containsPattern(" 5,000 \\d\\.\\d{4} \\d\\.\\d{4} ");
  }

  @Test
  void ofRun_stillAtWork_saysSo() throws IOException {
    ReportData data = ReportPage.ofRun(run(false));

    assertThat(data.finding())
        .startsWith("Not finished after 3 steps")
        .endsWith("no ledger was taken.");
    assertThat(written(data)).contains("There is nothing to draw yet");
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
                OptionalDouble.empty()));
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
        .replaceAll("<[^>]*>", " ")
        .replaceAll("[ \n]+", " ")
        .replace(" :", ":");
  }
}
