package dev.palimpsest.report;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * What weakens a ledger's numbers: items that were trained on, items that were skipped, and judges;
 * {@code trained_items}, {@code skipped} and {@code judged} of the document.
 */
final class Caveats {
  private static final int MOST_IDS = 20;

  private final LedgerView ledger;
  private final Markup html = new Markup();

  private Caveats(LedgerView ledger) {
    this.ledger = ledger;
  }

  /** Whatever there is of it; empty if there is nothing to say. */
  static Optional<Markup> of(LedgerView ledger) {
    Caveats caveats = new Caveats(ledger);
    caveats.trained();
    caveats.unread();
    caveats.skipped();
    caveats.judged();
    return caveats.html.toString().isEmpty() ? Optional.empty() : Optional.of(caveats.html);
  }

  private void trained() {
    List<LedgerView.Row> looked =
        ledger.probes().stream()
            .filter(row -> row.document().path("trained_items").isArray())
            .toList();
    List<LedgerView.Row> found =
        looked.stream().filter(row -> !row.document().path("trained_items").isEmpty()).toList();
    if (looked.isEmpty()) {
      return;
    }
    html.element("h4", "Items that stand in the training data");
    if (found.isEmpty()) {
      html.element("p", "None: no probe item's prompt was found among the run's rows.");
      return;
    }
    Table table =
        Table.open(
            html,
            "\u0394 with and without them, in percentage points (texts: bits a byte)",
            "probe",
            "trained on",
            "of",
            "\u0394, all",
            "\u0394, without them",
            "95\u00a0% interval",
            "which");
    for (LedgerView.Row row : found) {
      Optional<LedgerView.Change> others = LedgerView.part(row.document(), "without_trained");
      List<String> ids =
          row.document().path("trained_items").valueStream().map(JsonNode::asString).toList();
      table.row(
          row.name(),
          Numbers.count(ids.size()),
          Numbers.count(row.all().n()),
          delta(row.all()),
          others.map(Caveats::delta).orElse("no others"),
          others.map(Caveats::interval).orElse(""),
          shortened(ids));
    }
    table.close();
  }

  private void unread() {
    JsonNode unread = ledger.document().path("training_data_unread");
    if (!unread.isEmpty()) {
      html.element("p", "Not looked through for probe items:").open("ul");
      unread.forEach(file -> html.element("li", file.asString("")));
      html.closeLine();
    }
  }

  private void skipped() {
    JsonNode skipped = ledger.document().path("skipped");
    if (skipped.isEmpty()) {
      return;
    }
    html.element("h4", "Skipped");
    html.element(
        "p", "These items could not be graded here: neither right nor wrong, they count nowhere.");
    Table table = Table.open(html, "Items that were skipped", "probe", "items", "reason", "which");
    for (JsonNode each : skipped) {
      List<String> ids = each.path("items").valueStream().map(JsonNode::asString).toList();
      table.row(
          each.path("probe").asString(""),
          Numbers.count(ids.size()),
          each.path("reason").asString(""),
          shortened(ids));
    }
    table.close();
  }

  private void judged() {
    JsonNode judged = ledger.document().path("judged");
    if (judged.isEmpty()) {
      return;
    }
    html.element("h4", "How far the judge can be trusted");
    Table table =
        Table.open(
            html,
            "Each answer is put to the judge in both orders; labels are people's",
            "probe",
            "judge",
            "compared",
            "turned by the order",
            "labelled",
            "agrees with people",
            "kappa");
    for (JsonNode each : judged) {
      table.row(
          each.path("probe").asString(""),
          each.path("judge").asString(""),
          Numbers.count(each.path("compared").asInt(0)),
          Numbers.count(each.path("turned_by_order").asInt(0)),
          Numbers.count(each.path("labelled").asInt(0)),
          each.path("agreement").isNumber()
              ? Numbers.percent(each.path("agreement").asDouble())
              : "no labels",
          each.path("kappa").isNumber()
              ? Numbers.fixed(each.path("kappa").asDouble(), 2)
              : "\u2013");
    }
    table.close();
  }

  private static String delta(LedgerView.Change change) {
    return change.counts().isPresent()
        ? Numbers.points(change.delta())
        : Numbers.fineSigned(change.delta());
  }

  private static String interval(LedgerView.Change change) {
    return change.counts().isPresent()
        ? Numbers.points(change.interval())
        : change.interval().map(Numbers::fineSigned).orElse("none");
  }

  private static String shortened(List<String> ids) {
    String first = String.join(", ", ids.subList(0, Math.min(MOST_IDS, ids.size())));
    return ids.size() > MOST_IDS
        ? first
            + " and "
            + Numbers.count(ids.size() - MOST_IDS)
            + " more: the ledger's JSON has all"
        : first;
  }
}
