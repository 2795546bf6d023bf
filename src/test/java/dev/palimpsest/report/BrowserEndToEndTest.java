package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Pages in a browser without a network: on a phone, on a screen, on paper, and by keyboard. */
class BrowserEndToEndTest {
  private static final String MEASURED =
      """
      (() => {
        const root = document.documentElement, closed = root.scrollWidth;
        document.querySelectorAll('details').forEach(d => d.open = true);
        return { closed, open: root.scrollWidth,
          words: document.body.innerText.split(/\\s+/).length,
          drawn: [...document.querySelectorAll('svg')]
              .filter(s => s.getBoundingClientRect().width > 0).length };
      })()
      """;

  @TempDir private static Path folder;
  private static Chromium browser;

  @BeforeAll
  static void start() throws Exception {
    browser = Chromium.start(folder);
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "run,390,light",
    "run,1280,dark",
    "whole,390,dark",
    "whole,1280,light",
    "full,390,light",
    "sequence,390,light",
    "sequence,1280,dark",
    "search,390,dark",
    "search,1280,light"
  })
  void page_inABrowser_fitsAndStandsByItself(String name, int width, String scheme)
      throws Exception {
    browser.media("screen", scheme);
    browser.show(page(name), width);

    JsonNode found = browser.evaluate(MEASURED);

    assertThat(found.get("closed").asInt()).as("no scrolling sideways").isEqualTo(width);
    assertThat(found.get("open").asInt()).as("nor with all lists open").isEqualTo(width);
    assertThat(found.get("words").asInt()).isGreaterThan(200);
    assertThat(found.get("drawn").asInt()).isPositive();
    assertThat(browser.requests()).isEmpty();
    assertThat(browser.complaints()).isEmpty();

    Path file = Path.of("target", "pages", name + "-" + width + ".png");
    BufferedImage picture = ImageIO.read(browser.picture(file, 1600).toFile());
    assertThat(colours(picture)).as("something is drawn").isGreaterThan(8);
  }

  @Test
  void page_everySection_isThereAndLinked() throws Exception {
    browser.show(page("whole"), 1280);

    JsonNode headings =
        browser.evaluate("[...document.querySelectorAll('h2, h3')].map(h => h.textContent)");
    assertThat(headings.valueStream().map(JsonNode::asString))
        .contains(
            "The verdict",
            "What it was to learn",
            "What it could do before",
            "Is that decided?",
            "How far it moved",
            "Gain against loss",
            "Probes, before and after",
            "Held against your limits",
            "Lost and won, item by item",
            "How it answers",
            "How far the distribution moved",
            "Is it more than churn? Controls",
            "What weakens these numbers",
            "Every item",
            "How to read this");
    JsonNode missing =
        browser.evaluate(
            "[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))"
                + ".filter(h => !document.querySelector(h))");
    assertThat(missing).isEmpty();
  }

  @Test
  void page_byKeyboard_skipsOpensAndTurns() throws Exception {
    browser.show(page("whole"), 1280);
    browser.await("!document.getElementById('explorer').hidden");

    browser.press("Tab");
    assertThat(focused()).isEqualTo("Skip to the content");
    assertThat(browser.evaluate("getComputedStyle(document.activeElement).outlineStyle").asString())
        .isEqualTo("solid");
    browser.press("Enter");
    assertThat(browser.evaluate("document.activeElement.id").asString()).isEqualTo("content");

    browser.evaluate(
        "document.querySelector('#arm-1-items ~ details:not([open]) summary').focus()");
    String opened = "document.activeElement.parentElement.open";
    assertThat(browser.evaluate(opened).asBoolean()).isFalse();
    browser.press("Enter");
    assertThat(browser.evaluate(opened).asBoolean()).isTrue();
    browser.press("Space");
    assertThat(browser.evaluate(opened).asBoolean()).isFalse();

    browser.evaluate("document.querySelector('#explorer summary').focus()");
    browser.press("Enter");
    String count = "document.getElementById('explorer-count').textContent";
    assertThat(browser.evaluate(count).asString()).isEqualTo("Items 1 to 25 of 78");
    browser.evaluate("document.querySelector('[name=next]').focus()");
    browser.press("Enter");
    assertThat(browser.evaluate(count).asString()).isEqualTo("Items 26 to 50 of 78");
    browser.evaluate(
        "(s => { s.value = 'trained'; s.dispatchEvent(new Event('change')) })"
            + "(document.querySelector('[name=outcome]'))");
    assertThat(browser.evaluate(count).asString()).isEqualTo("Items 1 to 3 of 3");
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void colouredTokens_byKeyboard_tellTheirNumbers() throws Exception {
    browser.show(page("full"), 1280);

    browser.evaluate("document.querySelector('.coloured').focus()");
    browser.press("ArrowRight");
    browser.press("ArrowRight");

    assertThat(browser.evaluate("document.querySelector('.told').textContent").asString())
        .matches("“ river” .*: .* → .*");
  }

  @Test
  void page_withoutScripts_hasItsListsAndSaysWhatIsMissing() throws Exception {
    browser.scripts(false);
    try {
      browser.show(page("whole"), 1280);
      JsonNode found =
          browser.evaluate(
              "({ note: document.getElementById('without-script').getClientRects().length,"
                  + " explorer: document.getElementById('explorer').getClientRects().length,"
                  + " items: document.querySelectorAll('#arm-1-items ~ details li').length })");
      assertThat(found.get("note").asInt()).isPositive();
      assertThat(found.get("explorer").asInt()).isZero();
      assertThat(found.get("items").asInt()).isGreaterThanOrEqualTo(78);
    } finally {
      browser.scripts(true);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sequence", "search"})
  void page_withoutAScript_skipsAndIsReadInOrder(String name) throws Exception {
    browser.show(page(name), 1280);

    browser.press("Tab");
    assertThat(focused()).isEqualTo("Skip to the content");
    browser.press("Enter");
    assertThat(browser.evaluate("document.activeElement.id").asString()).isEqualTo("content");
    JsonNode nameless =
        browser.evaluate(
            "[...document.querySelectorAll('section, svg')].filter(e =>"
                + " !e.getAttribute('aria-labelledby').split(' ')"
                + ".every(id => document.getElementById(id))).length"
                + " + [...document.querySelectorAll('table')].filter(t =>"
                + " !t.caption || t.querySelector('th:not([scope])')).length");
    assertThat(nameless.asInt()).as("parts without a name").isZero();
    Path pdf = browser.paper(Path.of("target", "pages", name + ".pdf"));
    assertThat(Files.size(pdf)).isGreaterThan(20_000);
    browser.media("screen", "light");
  }

  @Test
  void page_onPaper_hasItsTables() throws Exception {
    browser.show(page("whole"), 1280);

    Path pdf = browser.paper(Path.of("target", "pages", "whole.pdf"));

    assertThat(Files.readAllBytes(pdf)).startsWith("%PDF".getBytes(StandardCharsets.UTF_8));
    assertThat(Files.size(pdf)).isGreaterThan(20_000);
    assertThat(
            browser.evaluate("getComputedStyle(document.querySelector('nav')).display").asString())
        .isEqualTo("none");
    browser.media("screen", "light");
  }

  @Test
  void page_ofManyItems_findsOneOfThem() throws Exception {
    Path file = folder.resolve("large.html");
    ReportPage.write(
        file, data(new ArmReport("arm", "", Optional.of(SampleReport.large(20_000)), List.of())));
    browser.show(file, 1280);
    browser.await("!document.getElementById('explorer').hidden");
    browser.evaluate(
        "document.querySelector('#explorer').open = true;"
            + "document.querySelector('[name=outcome]').value = 'all';"
            + "(w => { w.value = 'item-19999'; w.dispatchEvent(new Event('input')) })"
            + "(document.querySelector('[name=words]'))");

    assertThat(browser.evaluate("document.querySelector('#explorer-items').innerText").asString())
        .contains("item-19999", "before", "after");
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void page_withAnotherScript_isRefusedByItsOwnPolicy() throws Exception {
    Path file = page("whole");
    String html = Files.readString(file);
    Files.writeString(
        file, html.replace("</main>", "<script>document.title = 'x'</script></main>"));

    browser.show(file, 1280);

    assertThat(browser.evaluate("document.title").asString()).isEqualTo("Title");
    assertThat(browser.complaints()).anyMatch(each -> each.contains("Content Security Policy"));
  }

  @Test
  void page_thatReachesOutOrIsTooWide_isFound() throws Exception {
    Path file = folder.resolve("bad.html");
    Files.writeString(
        file,
        "<!doctype html><meta name=viewport content='width=device-width'><body><div style='width:"
            + " 700px'>wide</div><img src='http://pictures.example/a.png'>");

    browser.show(file, 390);

    assertThat(browser.requests()).contains("http://pictures.example/a.png");
    assertThat(browser.evaluate(MEASURED).get("closed").asInt()).isGreaterThan(650);
  }

  private static String focused() {
    return browser.evaluate("document.activeElement.textContent").asString();
  }

  private static Path page(String name) throws IOException {
    Path page = folder.resolve(name + ".html");
    if (name.startsWith("se")) {
      Files.writeString(
          page,
          name.equals("search")
              ? SearchReport.page(SampleReport.document("search"))
              : SequenceReport.page(SampleReport.document("sequence")));
      return page;
    }
    ReportPage.write(
        page,
        switch (name) {
          case "run" -> ReportPage.ofRun(SampleReport.run(folder.resolve("my-run")));
          case "whole" -> data(SampleReport.whole());
          default -> SampleReport.full();
        });
    return page;
  }

  private static ReportData data(ArmReport arm) {
    return new ReportData("Title", "Finding.", List.of(arm), List.of(), List.of());
  }

  private static long colours(BufferedImage picture) {
    int[] pixels =
        picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    return Arrays.stream(pixels).distinct().count();
  }
}
