package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import tools.jackson.databind.JsonNode;

/**
 * Whether what was lost is suppressed or erased; {@code recovery.json} of {@code ledger recover}.
 */
final class Recovery {
  private Recovery() {}

  /** The verdict, and what it rests on. */
  static Markup of(JsonNode document) {
    Markup html = new Markup();
    html.open("p").element("strong", verdict(document.path("verdict").asString(""))).closeLine();
    Table table =
        Table.open(
            html,
            "Right after a little more training on the half that was shown",
            "items",
            "of",
            "right",
            "share",
            "95\u00a0% interval");
    row(table, "lost, asked", document.path("lost").path("asked"));
    row(table, "lost, shown", document.path("lost").path("shown"));
    row(table, "never known, asked", document.path("never_known").path("asked"));
    row(table, "never known, shown", document.path("never_known").path("shown"));
    row(table, "lost, none of them shown (luck)", document.path("turned_back"));
    table.close();
    html.element(
        "p",
        "Lost less never known, on what was asked: "
            + Numbers.points(document.path("difference").asDouble(0))
            + " points "
            + LedgerView.interval(document).map(Numbers::points).orElse("")
            + ", Fisher's exact p "
            + Numbers.p(document.path("fisher_p").asDouble(1))
            + ".");
    if (!document.path("learned").asBoolean(true)) {
      html.element("p", "The halves that were shown were not learned: that decides nothing.");
    }
    return html.element(
        "p",
        "Items that the base had right by luck come back by luck: where as many come back with none"
            + " shown, the verdict says that they are within reach, not that showing brought them"
            + " back.",
        "class",
        "note");
  }

  private static String verdict(String verdict) {
    return switch (verdict) {
      case "suppressed" ->
          "\u25b2 Suppressed: what was lost comes back faster than it could be learned.";
      case "erased" ->
          "\u25bc Erased: what was lost comes back no faster than what was never known.";
      default -> "\u25c6 Undecided between suppressed and erased.";
    };
  }

  private static void row(Table table, String name, JsonNode share) {
    table.row(
        name,
        Numbers.count(share.path("n").asInt(0)),
        Numbers.count(share.path("right").asInt(0)),
        Numbers.percent(share.path("share").asDouble(0)),
        LedgerView.interval(share).map(Recovery::percents).orElse(""));
  }

  private static String percents(Interval interval) {
    return "[" + Numbers.percent(interval.low()) + ", " + Numbers.percent(interval.high()) + "]";
  }
}
