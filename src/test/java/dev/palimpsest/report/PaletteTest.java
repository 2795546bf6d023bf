package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contrast of the page's colours, as WCAG 2.2 computes it (1.4.3 text, 1.4.11 marks). */
class PaletteTest {
  private static final double TEXT = 4.5;
  private static final double MARK = 3;

  @ParameterizedTest
  @ValueSource(strings = {"light", "dark"})
  void colours_onWhatTheyStandOn_canBeRead(String scheme) throws IOException {
    Map<String, String> colours = colours(scheme);

    for (String paper : new String[] {"paper", "soft"}) {
      for (String ink : new String[] {"ink", "quiet", "link", "good", "bad"}) {
        assertContrast(colours, ink, paper, TEXT);
      }
    }
    for (int i = 0; i <= 6; i++) {
      assertContrast(colours, "arm" + i, "paper", TEXT); // names of stops
      assertContrast(colours, "on-mark", "arm" + i, TEXT);
    }
    for (String change : new String[] {"less", "more"}) {
      for (int i = 1; i <= 3; i++) {
        assertContrast(colours, "ink", change + i, TEXT);
      }
      assertContrast(colours, change + "4-ink", change + "4", TEXT);
    }
    assertContrast(colours, "quiet", "paper", MARK);
  }

  private static void assertContrast(
      Map<String, String> colours, String ink, String paper, double least) {
    double one = luminance(Objects.requireNonNull(colours.get(ink), ink));
    double two = luminance(Objects.requireNonNull(colours.get(paper), paper));
    double contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    assertThat(contrast).as(ink + " on " + paper).isGreaterThanOrEqualTo(least);
  }

  /** Those of the light scheme, over which the dark one's go. */
  private static Map<String, String> colours(String scheme) throws IOException {
    String sheet;
    try (InputStream in =
        Objects.requireNonNull(Page.class.getResourceAsStream("report.css"), "report.css")) {
      sheet = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    int dark = sheet.indexOf("@media (prefers-color-scheme: dark)");
    String part = sheet.substring(0, sheet.indexOf("* { box-sizing"));
    Matcher colour =
        Pattern.compile("--([\\w-]+): (#\\w+);")
            .matcher(scheme.equals("light") ? part.substring(0, dark) : part);
    Map<String, String> found = new HashMap<>();
    while (colour.find()) {
      found.put(colour.group(1), colour.group(2));
    }
    return found;
  }

  private static double luminance(String colour) {
    String hex = colour.length() == 4 ? colour.replaceAll("(\\w)", "$1$1") : colour;
    double[] weights = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
      double channel = Integer.parseInt(hex.substring(1 + 2 * i, 3 + 2 * i), 16) / 255.0;
      double linear =
          channel <= 0.04045 ? channel / 12.92 : Math.pow((channel + 0.055) / 1.055, 2.4);
      sum += weights[i] * linear;
    }
    return sum;
  }
}
