package dev.palimpsest.report;

import dev.palimpsest.measure.ProbeKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One arm, part by part. */
final class ArmSection {
  private final ArmReport arm;
  private final String id;
  private final List<Part> parts = new ArrayList<>();

  /** A part with its heading, that a link can lead to. */
  record Part(String id, String heading, Markup body) {}

  private ArmSection(ArmReport arm, String id) {
    this.arm = arm;
    this.id = id;
  }

  /**
   * All there is to tell.
   *
   * @param id unique in the page
   */
  static List<Part> of(ArmReport arm, String id, ItemLists items) {
    ArmSection section = new ArmSection(arm, id);
    arm.ledger().ifPresent(ledger -> section.ledger(ledger, items));
    section.ways();
    section.add("recovery", "Suppressed or erased?", arm.time().recovery().map(Recovery::of));
    section.add("samples", "Training samples over time", SampleTable.of(arm.time()));
    if (!arm.curve().isEmpty()) {
      section.add("training", "Training", CurvePicture.of(arm.curve(), arm.title(), id + "-curve"));
    }
    if (!arm.cost().isEmpty()) {
      section.add("cost", "Cost", Fact.list(arm.cost()));
    }
    return section.parts;
  }

  private void add(String name, String heading, Markup body) {
    parts.add(new Part(id + "-" + name, heading, body));
  }

  private void add(String name, String heading, Optional<Markup> body) {
    body.ifPresent(some -> add(name, heading, some));
  }

  private void ledger(LedgerView ledger, ItemLists items) {
    if (!ledger.probes().isEmpty()) {
      add("probes", "Probes, before and after", probes(ledger));
    }
    add("limits", "Held against your limits", Limits.of(ledger));
    if (!ledger.probes().isEmpty()) {
      add("items", "Lost and won, item by item", items(ledger, items));
    }
    add("answers", "How it answers", Answers.of(ledger, arm.title()));
    if (!ledger.divergences().isEmpty()) {
      add("moved", "How far the distribution moved", divergences(ledger));
    }
    add("controls", "Is it more than churn? Controls", Controls.of(ledger));
    add("caveats", "What weakens these numbers", Caveats.of(ledger));
  }

  private Markup probes(LedgerView ledger) {
    Markup html = new Markup();
    for (ProbeKind kind : List.of(ProbeKind.GAIN, ProbeKind.RETENTION)) {
      ledger
          .pooled(kind)
          .ifPresent(
              change -> {
                html.open("p").element("strong", kind == ProbeKind.GAIN ? "Gain" : "Retention");
                html.text(": " + ProbeTable.told(change));
                html.text(" " + Verdict.words(change, kind)).closeLine();
              });
    }
    return html.add(ProbeTable.of(ledger, arm.title()));
  }

  private static Markup items(LedgerView ledger, ItemLists items) {
    Markup lists = items.of(ledger);
    if (!lists.toString().isEmpty()) {
      return lists;
    }
    boolean known = ledger.probes().stream().anyMatch(row -> !row.items().isEmpty());
    return new Markup()
        .element(
            "p",
            known
                ? "No item was lost or won."
                : "The items are not listed: their lines (ledger --items) were not given.",
            "class",
            "note");
  }

  private Markup divergences(LedgerView ledger) {
    Markup html = new Markup();
    Table table =
        Table.open(
            html,
            "KL(base\u2016after) of " + arm.title() + ", exact at each position",
            "along",
            "nats a token",
            "95\u00a0% interval",
            "same likeliest token",
            "texts",
            "tokens");
    for (LedgerView.Distance distance : ledger.divergences()) {
      table.row(
          distance.on(),
          Numbers.fine(distance.natsPerToken()),
          distance.interval().map(Numbers::fine).orElse("none"),
          Numbers.percent(distance.topAgreement()),
          Numbers.count(distance.texts()),
          Numbers.count(distance.tokens()));
    }
    table.close();
    for (LedgerView.Distance distance : ledger.divergences()) {
      distance.bits().ifPresent(bits -> html.element("p", told(distance.on(), bits)));
    }
    return html;
  }

  private static String told(String on, LedgerView.Change bits) {
    return "Bits a byte along "
        + on
        + ": "
        + Numbers.fine(bits.before())
        + " before, "
        + Numbers.fine(bits.after())
        + " after, \u0394 "
        + Numbers.fineSigned(bits.delta())
        + " "
        + bits.interval().map(Numbers::fineSigned).orElse("(one text: no interval)")
        + "; more is worse.";
  }

  private void ways() {
    Markup html = new Markup();
    arm.time().table().ifPresent(html::add);
    way(html, "Checkpoints of " + arm.title(), arm.checkpoints());
    way(html, "The adapter scaled, " + arm.title(), arm.dial());
    if (html.bytes() > 0) {
      add("ways", "Checkpoints, and the adapter scaled", html);
    }
  }

  private static void way(Markup html, String caption, List<PathPoint> points) {
    if (points.isEmpty()) {
      return;
    }
    html.open("details").element("summary", caption + ": " + points.size() + " points");
    Table table = PathPoint.table(html, caption, "at");
    points.forEach(point -> point.row(table, point.label()));
    table.close();
    html.closeLine();
  }
}
