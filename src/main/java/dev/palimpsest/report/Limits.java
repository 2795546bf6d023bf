package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** What the user's limits on loss come to, probe by probe; {@code thresholds} of the document. */
final class Limits {
  private Limits() {}

  /** A table for each limit; empty if none was set. */
  static Optional<Markup> of(LedgerView ledger) {
    JsonNode thresholds = ledger.document().path("thresholds");
    if (thresholds.isEmpty()) {
      return Optional.empty();
    }
    Markup html = new Markup();
    for (JsonNode threshold : thresholds) {
      html.open("p").element("strong", told(threshold)).closeLine();
      table(html, threshold, ledger);
    }
    html.element(
        "p",
        "Lost: more than the margin is gone beyond doubt, p after Holm's correction over the retention"
            + " probes at most 0.025, the limits then lie below it. Kept: less than the margin is"
            + " gone beyond doubt. Items that would decide: for a chance of 80\u00a0%, if change and"
            + " churn stay as seen; items to see: for a loss of the margin to show at all. Only"
            + " retention probes can miss a limit.",
        "class",
        "note");
    return Optional.of(html);
  }

  private static void table(Markup html, JsonNode threshold, LedgerView ledger) {
    Table table =
        Table.open(
            html,
            option(threshold) + ", \u0394 in percentage points (texts: bits a byte)",
            "probe",
            "verdict",
            "limits of \u0394",
            "confidence",
            "p lost (Holm)",
            "p kept",
            "items that would decide",
            "items to see it");
    for (JsonNode probe : threshold.path("probes")) {
      table.row(
          probe.path("name").asString(""),
          verdict(probe),
          limits(probe, ledger),
          percent(probe.path("confidence").asDouble(0)),
          Numbers.p(probe.path("p_lost_holm").asDouble(1)),
          Numbers.p(probe.path("p_kept").asDouble(1)),
          items(probe.path("items_to_decide")),
          items(probe.path("items_to_see")));
    }
    table.close();
  }

  /** The limit as it was asked for, and whether it is met. */
  static String told(JsonNode threshold) {
    return option(threshold)
        + ": "
        + (threshold.path("missed").asBoolean(false) ? "missed" : "met");
  }

  /** Which probes are undecided, and what would decide them. */
  static Optional<String> undecided(JsonNode threshold) {
    List<String> open = new ArrayList<>();
    for (JsonNode probe : threshold.path("probes")) {
      if (probe.path("verdict").asString("").equals("undecided")
          && probe.path("kind").asString("").equals("retention")) {
        JsonNode items = probe.path("items_to_decide");
        open.add(
            probe.path("name").asString("")
                + (items.isNumber() ? " (about " + items(items) + " items would decide)" : ""));
      }
    }
    return open.isEmpty() ? Optional.empty() : Optional.of("Undecided: " + String.join(", ", open));
  }

  private static String option(JsonNode threshold) {
    String rule = threshold.path("rule").asString("").replace('_', '-');
    return "--" + rule + " " + percent(threshold.path("margin").asDouble(0));
  }

  private static String verdict(JsonNode probe) {
    String verdict = probe.path("verdict").asString("");
    return switch (verdict) {
          case "lost" -> "\u25bc ";
          case "kept" -> "\u2713 ";
          default -> "\u25c6 ";
        }
        + verdict
        + (probe.path("kind").asString("").equals("gain") ? " (gain)" : "");
  }

  private static String limits(JsonNode probe, LedgerView ledger) {
    JsonNode limits = probe.path("limits");
    if (limits.size() != 2) {
      return "none";
    }
    Interval interval =
        new Interval(limits.get(0).asDouble(), limits.get(1).asDouble(), Interval.Method.CLUSTERED);
    boolean ofTexts =
        ledger.probes().stream()
            .anyMatch(
                row ->
                    row.name().equals(probe.path("name").asString(""))
                        && row.all().counts().isEmpty());
    return ofTexts ? Numbers.fineSigned(interval) : Numbers.points(interval);
  }

  /** To two digits: an estimate from an estimate. */
  private static String items(JsonNode items) {
    return items.isNumber()
        ? Numbers.count(
            new BigDecimal(items.asLong())
                .round(new MathContext(2, RoundingMode.UP))
                .longValueExact())
        : "\u2013";
  }

  private static String percent(double share) {
    return new DecimalFormat("0.##", DecimalFormatSymbols.getInstance(Locale.ROOT))
            .format(100 * share)
        + "\u00a0%";
  }
}
