package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Other changes put to the same items: is what was lost more than any change would turn? {@code
 * controls} of the document.
 */
final class Controls {
  private static final String NOTE =
      "Held against each other on the items that were right before (texts: all). A random change of"
          + " the same size is a low bar; a second seed shows which lost items belong to the training"
          + " (lost by both) and which to the draw. p is one-sided against \u201cthe change lost no"
          + " more\u201d, Holm over the retention probes. Controls do not count for the limits.";

  private Controls() {}

  /** A table for each control; empty if there was none. */
  static Optional<Markup> of(LedgerView ledger) {
    JsonNode controls = ledger.document().path("controls");
    if (controls.isEmpty()) {
      return Optional.empty();
    }
    Markup html = new Markup();
    for (JsonNode control : controls) {
      table(html, control);
    }
    html.element("p", NOTE, "class", "note");
    return Optional.of(html);
  }

  private static void table(Markup html, JsonNode control) {
    Table table =
        Table.open(
            html,
            "The change against the control " + control.path("name").asString(""),
            "probe",
            "kind",
            "\u0394, control",
            "kept, control",
            "kept, change",
            "difference",
            "95\u00a0% interval",
            "lost by the change alone",
            "by the control alone",
            "by both",
            "p (Holm)",
            "verdict");
    for (JsonNode probe : control.path("probes")) {
      row(table, probe);
    }
    table.close();
  }

  private static void row(Table table, JsonNode probe) {
    JsonNode against = probe.path("against");
    boolean rates = probe.path("lost").isNumber();
    table
        .begin(probe.path("name").asString(""))
        .cell(probe.path("kind").asString(""))
        .cell(difference(probe.path("delta").asDouble(0), rates));
    if (!against.isObject()) {
      table.cell("nothing was right before").end();
      return;
    }
    table
        .cell(level(against.path("before").asDouble(0), rates))
        .cell(level(against.path("after").asDouble(0), rates))
        .cell(difference(against.path("delta").asDouble(0), rates))
        .cell(interval(LedgerView.interval(against), rates))
        .cell(count(against.path("lost")))
        .cell(count(against.path("won")))
        .cell(count(against.path("lost_by_both")))
        .cell(p(against))
        .cell(verdict(against.path("verdict").asString("")))
        .end();
  }

  private static String level(double value, boolean rates) {
    return rates ? Numbers.percent(value) : Numbers.fine(value) + " b/B";
  }

  private static String difference(double value, boolean rates) {
    return rates ? Numbers.points(value) : Numbers.fineSigned(value);
  }

  private static String interval(Optional<Interval> interval, boolean rates) {
    return rates ? Numbers.points(interval) : interval.map(Numbers::fineSigned).orElse("none");
  }

  private static String count(JsonNode value) {
    return value.isNumber() ? Numbers.count(value.asInt()) : "\u2013";
  }

  /** The corrected one where there is one. */
  private static String p(JsonNode against) {
    JsonNode holm = against.path("p_lost_holm");
    JsonNode p = holm.isNumber() ? holm : against.path("p_lost");
    return p.isNumber() ? Numbers.p(p.asDouble()) : "\u2013";
  }

  private static String verdict(String verdict) {
    return switch (verdict) {
      case "lost_more" -> "\u25bc the change lost more";
      case "lost_less" -> "\u25b2 the change lost less";
      default -> "\u25c6 " + verdict;
    };
  }
}
