package dev.palimpsest.report;

import java.util.List;

/**
 * A named value, as it is shown: a setting, a hash, a cost.
 *
 * @param value with its unit
 */
public record Fact(String name, String value) {
  /** Names and values side by side. */
  static Markup list(List<Fact> facts) {
    Markup html = new Markup().open("dl", "class", "facts");
    for (Fact fact : facts) {
      html.open("div").element("dt", fact.name()).element("dd", fact.value()).closeLine();
    }
    return html.closeLine();
  }
}
