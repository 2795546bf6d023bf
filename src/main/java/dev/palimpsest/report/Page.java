package dev.palimpsest.report;

import dev.palimpsest.measure.ProbeKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The page, section by section. */
final class Page {
  /** What lists of items may take of the 5 MB; the numbers need little of the rest. */
  private static final long ITEM_BYTES = 3_400_000;

  private static final long TEXT_BYTES = 900_000;

  private static final String LETTERS =
      "Each letter is an arm, its probes' items pooled by kind, with 95 % intervals. Further up is"
          + " more gained, further left is less lost; lost is net of won.";
  private static final String WAYS =
      "Small dots: checkpoints with their step (solid line) and the adapter scaled (dashed line)."
          + " They are measured on fewer items than the letters, and on others for the gain, so"
          + " they need not end at them.";

  private final ReportData data;
  private final ItemLists items;
  private final Markup html = new Markup();

  Page(ReportData data) {
    this.data = data;
    this.items = ItemLists.within(ITEM_BYTES, data.arms());
  }

  String html() {
    html.open("html", "lang", "en");
    head(html, data.title());
    html.open("body");
    html.open("header").element("h1", data.title());
    html.element("p", data.finding(), "class", "finding").closeLine();
    contents();
    html.open("main");
    frontier();
    for (int i = 0; i < data.arms().size(); i++) {
      arm(i);
    }
    texts();
    facts("settings", "Settings, hashes, versions", data.settings());
    reading();
    html.closeLine().closeLine().closeLine();
    return "<!doctype html>\n" + html;
  }

  /** Of any page: the style sheet, and nothing from elsewhere. */
  static void head(Markup html, String title) {
    html.open("head").single("meta", "charset", "utf-8");
    html.single("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    html.single("meta", "name", "color-scheme", "content", "light dark");
    // the browser itself then refuses whatever would come from elsewhere
    html.single(
        "meta",
        "http-equiv",
        "Content-Security-Policy",
        "content",
        "default-src 'none'; style-src 'unsafe-inline'");
    html.element("title", title).style(resource("report.css")).closeLine();
  }

  private void contents() {
    html.open("nav", "aria-label", "Contents").open("ul");
    link("frontier", "Gain against loss");
    for (int i = 0; i < data.arms().size(); i++) {
      link("arm-" + (i + 1), FrontierPicture.mark(i) + " \u00b7 " + data.arms().get(i).title());
    }
    if (!data.texts().isEmpty()) {
      link("texts", "Token by token");
    }
    if (!data.settings().isEmpty()) {
      link("settings", "Settings");
    }
    link("reading", "How to read this");
    html.close().closeLine();
  }

  private void link(String id, String text) {
    html.open("li").element("a", text, "href", "#" + id).close();
  }

  private void section(String id, String heading) {
    html.open("section", "id", id, "aria-labelledby", id + "-heading");
    html.element("h2", heading, "id", id + "-heading");
  }

  private void frontier() {
    section("frontier", "Gain against loss");
    Optional<Markup> picture = FrontierPicture.of(data.arms());
    if (picture.isEmpty()) {
      html.element(
          "p",
          "There is nothing to draw yet: that takes a ledger with at least one gain probe and one"
              + " retention probe of questions.",
          "class",
          "note");
    } else {
      html.open("figure").add(picture.get());
      boolean ways =
          data.arms().stream()
              .anyMatch(arm -> !arm.dial().isEmpty() || !arm.checkpoints().isEmpty());
      html.element("figcaption", ways ? LETTERS + " " + WAYS : LETTERS);
      html.closeLine();
      arms();
    }
    html.closeLine();
  }

  private void arms() {
    Table table =
        Table.open(
            html,
            "The arms, in percentage points",
            "arm",
            "gained",
            "95\u00a0% interval",
            "lost",
            "95\u00a0% interval");
    for (int i = 0; i < data.arms().size(); i++) {
      String name = FrontierPicture.mark(i) + " \u00b7 " + data.arms().get(i).title();
      Optional<PathPoint> place = data.arms().get(i).place();
      if (place.isEmpty()) {
        table.row(name, "not measured", "", "not measured", "");
      } else {
        point(table, name, place.get());
      }
    }
    table.close();
  }

  private static void point(Table table, String name, PathPoint point) {
    table.row(
        name,
        Numbers.points(point.gain()),
        Numbers.points(point.gainInterval()),
        Numbers.points(point.loss()),
        Numbers.points(point.lossInterval()));
  }

  private void arm(int index) {
    ArmReport arm = data.arms().get(index);
    String id = "arm-" + (index + 1);
    html.open("section", "id", id, "aria-labelledby", id + "-heading");
    html.open("h2", "id", id + "-heading");
    html.element(
        "span", FrontierPicture.mark(index), "class", "badge " + FrontierPicture.colour(index));
    html.text(" " + arm.title()).closeLine();
    arm.ledger().ifPresent(ledger -> ledger(ledger, arm));
    if (!arm.curve().isEmpty()) {
      html.element("h3", "Training").add(CurvePicture.of(arm.curve(), arm.title(), id + "-curve"));
    }
    path("Checkpoints of " + arm.title(), arm.checkpoints());
    path("The adapter scaled, " + arm.title(), arm.dial());
    if (!arm.cost().isEmpty()) {
      html.element("h3", "Cost");
      list(arm.cost());
    }
    html.closeLine();
  }

  private void ledger(LedgerView ledger, ArmReport arm) {
    for (ProbeKind kind : List.of(ProbeKind.GAIN, ProbeKind.RETENTION)) {
      ledger
          .pooled(kind)
          .ifPresent(
              change -> {
                html.open("p").element("strong", kind == ProbeKind.GAIN ? "Gain" : "Retention");
                html.text(": " + ProbeTable.told(change)).closeLine();
              });
    }
    if (!ledger.probes().isEmpty()) {
      html.element("h3", "Probes").add(ProbeTable.of(ledger, arm.title()));
    }
    if (!ledger.divergences().isEmpty()) {
      html.element("h3", "How far the distribution moved");
      divergences(ledger, arm);
    }
    html.element("h3", "Item by item");
    loops(ledger);
    Markup lists = items.of(ledger);
    if (lists.toString().isEmpty()) {
      html.element("p", unlisted(ledger), "class", "note");
    }
    html.element("h4", "Items that changed", "class", "hidden").add(lists);
  }

  private static String unlisted(LedgerView ledger) {
    boolean known = ledger.probes().stream().anyMatch(row -> !row.items().isEmpty());
    return known
        ? "No item was lost or won."
        : "The items are not listed: their lines (ledger --items) were not given.";
  }

  private void loops(LedgerView ledger) {
    int before = ledger.probes().stream().mapToInt(LedgerView.Row::loopsBefore).sum();
    int after = ledger.probes().stream().mapToInt(LedgerView.Row::loopsAfter).sum();
    html.element(
        "p",
        "Answers that ended in endless repetition: "
            + Numbers.count(before)
            + " before, "
            + Numbers.count(after)
            + " after.");
  }

  private void divergences(LedgerView ledger, ArmReport arm) {
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

  private void path(String caption, List<PathPoint> points) {
    if (points.isEmpty()) {
      return;
    }
    html.open("details").element("summary", caption + ": " + points.size() + " points");
    Table table =
        Table.open(
            html,
            caption + ", in percentage points",
            "at",
            "gained",
            "95\u00a0% interval",
            "lost",
            "95\u00a0% interval");
    points.forEach(point -> point(table, point.label(), point));
    table.close();
    html.closeLine();
  }

  private void texts() {
    if (!data.texts().isEmpty()) {
      section("texts", "Token by token");
      html.add(TextColours.of(data.texts(), TEXT_BYTES)).closeLine();
    }
  }

  private void facts(String id, String heading, List<Fact> facts) {
    if (!facts.isEmpty()) {
      section(id, heading);
      list(facts);
      html.closeLine();
    }
  }

  private void list(List<Fact> facts) {
    html.open("dl", "class", "facts");
    for (Fact fact : facts) {
      html.open("div").element("dt", fact.name()).element("dd", fact.value()).closeLine();
    }
    html.closeLine();
  }

  private void reading() {
    section("reading", "How to read this");
    for (String line : resource("reading.txt").strip().split("\n\n", -1)) {
      html.element("p", line.replace('\n', ' '));
    }
    html.closeLine();
  }

  private static String resource(String name) {
    try (InputStream in =
        Objects.requireNonNull(Page.class.getResourceAsStream(name), "no resource " + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }
}
