package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.RunLedger;
import dev.palimpsest.measure.Side;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tune.Tuner;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Pages in a browser, on a phone and on a screen, scripts off and the network gone. */
class BrowserEndToEndTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"run,390", "run,1280", "ledger,390", "ledger,1280", "full,390", "full,1280"})
  void page_inABrowser_fitsAndStandsByItself(String name, int width) throws Exception {
    Chromium browser = Chromium.in(folder);
    Path page = folder.resolve(name + ".html");
    ReportPage.write(page, data(name));

    JsonNode found = browser.measure(page, width);

    assertThat(found.get("width").asInt()).isEqualTo(width);
    assertThat(found.get("closed").asInt()).as("no scrolling sideways").isEqualTo(width);
    assertThat(found.get("open").asInt()).as("nor with all lists open").isEqualTo(width);
    assertThat(found.get("words").asInt()).isGreaterThan(200);
    assertThat(found.get("drawn").asInt()).isPositive();
    assertThat(found.get("requests")).isEmpty();

    Path file = Path.of("target", "pages", name + "-" + width + ".png").toAbsolutePath();
    Files.createDirectories(file.getParent());
    BufferedImage picture = ImageIO.read(browser.picture(page, width, 1600, file).toFile());
    assertThat(colours(picture)).as("something is drawn").isGreaterThan(8);
  }

  @Test
  void measure_aPageThatIsTooWide_tells() throws Exception {
    Path page = folder.resolve("bad.html");
    Files.writeString(page, "<!doctype html><body><div style='width: 700px'>wide</div></body>");

    JsonNode found = Chromium.in(folder).measure(page, 390);

    assertThat(found.get("closed").asInt()).isGreaterThan(650);
    assertThat(found.get("drawn").asInt()).isZero();
  }

  @Test
  void measure_aPageThatReachesOut_tells() throws Exception {
    Path page = folder.resolve("bad.html");
    Files.writeString(
        page, "<!doctype html><body><img src='http://pictures.example/a.png'></body>");

    JsonNode found = Chromium.in(folder).measure(page, 390);

    assertThat(found.get("requests").get(0).asString()).isEqualTo("http://pictures.example/a.png");
  }

  @Test
  void measure_aPageWithAScript_fails() throws Exception {
    Path page = folder.resolve("bad.html");
    Files.writeString(page, "<!doctype html><body><script>document.title = 'x'</script></body>");
    Chromium browser = Chromium.in(folder);

    assertThatThrownBy(() -> browser.measure(page, 390))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("CONSOLE");
  }

  private ReportData data(String name) {
    return switch (name) {
      case "run" -> ReportPage.ofRun(run());
      case "ledger" ->
          new ReportData(
              "Ledger",
              "One ledger.",
              List.of(ArmReport.of("adapter", "", ledger())),
              List.of(),
              List.of());
      default -> SampleReport.full();
    };
  }

  private static Ledger ledger() {
    return new Ledger(
        List.of(
            SampleReport.probe("task", ProbeKind.GAIN, new PairedCounts(3, 1, 40, 16), 1),
            SampleReport.probe("sums", ProbeKind.RETENTION, new PairedCounts(80, 9, 4, 27), 2)),
        Optional.empty(),
        Optional.empty());
  }

  private Path run() {
    Path run = folder.resolve("my-run");
    try (RunFolder open =
        RunFolder.create(
            run,
            Map.of(
                "job",
                Map.of("model", "smollm2", "lora", Map.of("rank", 16)),
                "base",
                "f00d".repeat(16)))) {
      List<LossPoint> curve = SampleReport.curve(200, 1);
      for (LossPoint point : curve) {
        open.log(point.step(), Map.of("step", point.step(), "loss", point.train(), "tokens", 512));
      }
      open.write(
          "adapter", in -> Files.writeString(in.resolve("adapter_model.safetensors"), "weights"));
      open.finish(
          new Tuner.Result(
              200,
              102_400,
              9000,
              65,
              1575,
              0.4,
              OptionalDouble.empty(),
              1L << 30,
              true,
              OptionalLong.empty(),
              OptionalDouble.empty(),
              OptionalDouble.empty()));
    }
    Side before = new Side("smollm2", Optional.empty());
    Side after = new Side("smollm2", Optional.of(run.resolve("adapter")));
    RunLedger.of(before, after).orElseThrow().write(ledger());
    return run;
  }

  private static long colours(BufferedImage picture) {
    int[] pixels =
        picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    return Arrays.stream(pixels).distinct().count();
  }
}
