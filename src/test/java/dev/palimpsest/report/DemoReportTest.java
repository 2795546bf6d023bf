package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.compare.DemoResult;
import dev.palimpsest.compare.DemoStages;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoReportTest {
  private static final String HOSTILE = "</td><script>alert(\"x\")</script>";

  @Test
  void page_standsByItself() throws IOException {
    String html = html();

    assertThat(html)
        .doesNotContain("http://", "https://", "<script>alert", "<link", "@import", "url(");
    assertThat(html).startsWith("<!doctype html>").contains("<svg", "role=\"img\"", "<caption>");
  }

  @Test
  void page_answersWithMarkup_areShownAsText() throws IOException {
    assertThat(html()).contains("&lt;/td&gt;&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
  }

  @Test
  void page_numbers_standInTheText() throws IOException {
    // 12 of 40 gained; 9 lost and 3 won of 60
    assertThat(html())
        .contains(
            "form-lora +30.0. On what it could do before, no arm",
            "net loss can be told from none.",
            "gained +30.0 [+16.1, +46.6], lost +10.0 [−1.7, +22.6]",
            "time, training",
            "90.0 s, 75.0",
            "(0 lost, 12 won, of 40)",
            "(9 lost, 3 won, of 60)");
  }

  @Test
  void page_stopsOnTheWay_areMarkedAndNamed() throws IOException {
    assertThat(html())
        .contains("Checkpoints of form-lora: 2 points", "step 20: gained")
        .containsPattern("<text class=\"stop-label\"[^>]*>20</text>");
  }

  private String html() throws IOException {
    Path file = folder.resolve("report.html");
    DemoReport.write(file, result());
    return Files.readString(file);
  }

  @TempDir private Path folder;

  private static DemoResult result() {
    Ledger ledger = ledger(new PairedCounts(0, 0, 12, 28), new PairedCounts(38, 9, 3, 10));
    Ledger early = ledger(new PairedCounts(0, 0, 4, 36), new PairedCounts(45, 4, 3, 8));
    Tuner.Result training =
        new Tuner.Result(
            10,
            1000,
            200,
            5,
            200,
            0.5,
            OptionalDouble.empty(),
            1 << 30,
            true,
            OptionalLong.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            Optional.empty());
    return new DemoResult(
        "smollm2",
        List.of(
            new DemoResult.Arm(
                "form-lora",
                "form",
                ledger,
                training,
                List.of(new DemoResult.Point("step 20", early)))),
        List.of(new DemoResult.Point("scale 0.5", ledger)),
        List.of(
            new DemoResult.Text(
                "form-lora",
                List.of("<s>", " a", HOSTILE),
                List.of(-1.0, -2.0),
                List.of(-3.0, -1.5))),
        List.of(
            new DemoResult.Cost(DemoStages.Stage.BASE, 30),
            new DemoResult.Cost(DemoStages.Stage.TRAINING, 90)),
        Map.of("seed", "2"));
  }

  private static Ledger ledger(PairedCounts gain, PairedCounts kept) {
    return new Ledger(
        List.of(probe("form", ProbeKind.GAIN, gain), probe("common", ProbeKind.RETENTION, kept)),
        Optional.empty(),
        Optional.empty());
  }

  private static ProbeResult probe(String name, ProbeKind kind, PairedCounts counts) {
    List<ProbeItem> items = new ArrayList<>();
    List<ItemRow> rows = new ArrayList<>();
    for (int i = 0; i < counts.n(); i++) {
      Prompt prompt = Prompt.Chat.of("q" + i);
      items.add(
          new ProbeItem.Choose(String.valueOf(i), Optional.empty(), prompt, List.of("a", "b"), 0));
      boolean lost = i < counts.lost();
      rows.add(
          new ItemRow(
              name,
              String.valueOf(i),
              lost ? 1 : 0,
              0,
              Optional.of("a"),
              Optional.of(HOSTILE),
              false,
              false));
    }
    return new ProbeResult(
        new Probe(name, kind, Path.of(""), items),
        List.of("choices"),
        new Outcome.Rates(counts),
        Optional.empty(),
        new TreeMap<>(),
        rows);
  }
}
