package dev.palimpsest.report;

import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.run.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The page, section by section. */
final class Page {
  /** What the whole may take; settings, style and script need little of what is left of 5 MB. */
  private static final long BYTES = 4_700_000;

  /** Of it, what lists of items and coloured texts may take; all items packed take the rest. */
  private static final long LIST_BYTES = 700_000;

  private static final long TEXT_BYTES = 900_000;

  private static final String LETTERS =
      "Each letter is an arm, its probes' items pooled by kind, with 95 % intervals. Further up is"
          + " more gained, further left is less lost; lost is net of won.";
  private static final String WAYS =
      "Small dots: checkpoints with their step (solid line) and the adapter scaled (dashed line)."
          + " They may be measured on fewer items than the letters, and on others, so they need not"
          + " end at them.";

  private static final String NOT_ASKED = "not asked";

  private final ReportData data;
  private final List<List<ArmSection.Part>> arms = new ArrayList<>();
  private final Markup texts;
  private final Optional<ItemData> items;
  private final Optional<Markup> picture;
  private final String script = resource("report.js");
  private final Markup html = new Markup();

  Page(ReportData data) {
    this.data = data;
    ItemLists lists = ItemLists.within(LIST_BYTES, data.arms());
    for (int i = 0; i < data.arms().size(); i++) {
      arms.add(ArmSection.of(data.arms().get(i), id(i), lists));
    }
    this.picture = FrontierPicture.of(data.arms());
    this.texts = TextColours.of(data.texts(), TEXT_BYTES);
    this.items = ItemData.within(BYTES - used(), data.arms());
  }

  private long used() {
    long parts = arms.stream().flatMap(List::stream).mapToLong(part -> part.body().bytes()).sum();
    return parts + texts.bytes() + picture.map(Markup::bytes).orElse(0L);
  }

  String html() {
    html.open("html", "lang", "en");
    head(html, data.title(), script);
    html.open("body").element("a", "Skip to the content", "href", "#content", "class", "skip");
    html.open("header").element("h1", data.title());
    alone().flatMap(ArmReport::ledger).ifPresent(ledger -> html.add(Verdict.of(ledger)));
    html.element("p", data.finding(), "class", "finding").closeLine();
    contents();
    html.open("main", "id", "content", "tabindex", "-1");
    if (held()) {
      frontier();
    }
    for (int i = 0; i < data.arms().size(); i++) {
      arm(i);
    }
    explorer();
    texts();
    if (!data.settings().isEmpty()) {
      html.section("settings", "Settings, hashes, versions");
      html.add(Fact.list(data.settings())).closeLine();
    }
    reading();
    html.closeLine();
    items.ifPresent(
        all -> html.element("script", all.packed(), "type", "text/plain", "id", "item-data"));
    html.script(script).closeLine().closeLine();
    return "<!doctype html>\n" + html;
  }

  /** The arm of a page about one. */
  private Optional<ArmReport> alone() {
    return data.arms().size() == 1 ? Optional.of(data.arms().getFirst()) : Optional.empty();
  }

  private static String id(int arm) {
    return "arm-" + (arm + 1);
  }

  /**
   * Of any page: the style sheet, and nothing from elsewhere.
   *
   * @param script the only one that may run; may be empty
   */
  static void head(Markup html, String title, String script) {
    html.open("head").single("meta", "charset", "utf-8");
    html.single("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    html.single("meta", "name", "color-scheme", "content", "light dark");
    // the browser itself then refuses whatever would come from elsewhere, and any other script
    html.single(
        "meta",
        "http-equiv",
        "Content-Security-Policy",
        "content",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + hash(script) + "'");
    html.element("title", title).style(resource("report.css")).closeLine();
  }

  private void contents() {
    html.open("nav", "aria-label", "Contents").open("ul");
    if (held()) {
      link("frontier", "Gain against loss");
    }
    for (int i = 0; i < data.arms().size(); i++) {
      if (alone().isPresent()) {
        arms.get(i).forEach(part -> link(part.id(), part.heading()));
      } else {
        link(id(i), FrontierPicture.mark(i) + " \u00b7 " + data.arms().get(i).title());
      }
    }
    if (items.isPresent()) {
      link("every-item", "Every item");
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

  /** Whether anything is held against anything. */
  private boolean held() {
    return picture.isPresent() || alone().isEmpty();
  }

  private void frontier() {
    html.section("frontier", "Gain against loss");
    picture.ifPresent(this::figure);
    if (alone().isEmpty()) {
      standings();
      costs();
    }
    html.closeLine();
  }

  private void figure(Markup picture) {
    html.open("figure").add(picture);
    boolean ways =
        data.arms().stream().anyMatch(arm -> !arm.dial().isEmpty() || !arm.checkpoints().isEmpty());
    html.element("figcaption", ways ? LETTERS + " " + WAYS : LETTERS);
    html.closeLine();
  }

  private void standings() {
    Table table =
        Table.open(
            html,
            "The arms, in percentage points",
            "arm",
            "gained",
            "95\u00a0% interval",
            "lost",
            "95\u00a0% interval",
            "gain, retention");
    for (int i = 0; i < data.arms().size(); i++) {
      Optional<LedgerView> ledger = data.arms().get(i).ledger();
      Optional<LedgerView.Change> gain = ledger.flatMap(view -> view.pooled(ProbeKind.GAIN));
      Optional<LedgerView.Change> kept = ledger.flatMap(view -> view.pooled(ProbeKind.RETENTION));
      table.row(
          name(i),
          gain.map(change -> Numbers.points(change.delta())).orElse(NOT_ASKED),
          gain.map(change -> Numbers.points(change.interval())).orElse(""),
          kept.map(change -> Numbers.points(-change.delta())).orElse(NOT_ASKED),
          kept.map(change -> Numbers.points(change.interval().map(l -> l.times(-1)))).orElse(""),
          verdict(gain, kept));
    }
    table.close();
  }

  private String name(int arm) {
    return FrontierPicture.mark(arm) + " \u00b7 " + data.arms().get(arm).title();
  }

  private static String verdict(
      Optional<LedgerView.Change> gain, Optional<LedgerView.Change> kept) {
    return Stream.of(
            gain.map(change -> Verdict.words(change, ProbeKind.GAIN)),
            kept.map(change -> Verdict.words(change, ProbeKind.RETENTION)))
        .flatMap(Optional::stream)
        .collect(Collectors.joining(", "));
  }

  /** What each arm says of its cost, side by side. */
  private void costs() {
    List<String> facts =
        data.arms().stream()
            .flatMap(arm -> arm.cost().stream())
            .map(Fact::name)
            .distinct()
            .toList();
    if (facts.isEmpty()) {
      return;
    }
    List<String> columns = new ArrayList<>(List.of("arm"));
    columns.addAll(facts);
    Table table = Table.open(html, "What they take", columns.toArray(String[]::new));
    for (int i = 0; i < data.arms().size(); i++) {
      Map<String, String> own =
          data.arms().get(i).cost().stream()
              .collect(Collectors.toMap(Fact::name, Fact::value, (first, _) -> first));
      table.row(
          name(i),
          facts.stream().map(fact -> own.getOrDefault(fact, "\u2013")).toArray(String[]::new));
    }
    table.close();
  }

  private void arm(int index) {
    html.open("section", "id", id(index), "aria-labelledby", id(index) + "-heading");
    html.open("h2", "id", id(index) + "-heading");
    html.element(
        "span", FrontierPicture.mark(index), "class", "badge " + FrontierPicture.colour(index));
    html.text(" " + data.arms().get(index).title()).closeLine();
    for (ArmSection.Part part : arms.get(index)) {
      html.element("h3", part.heading(), "id", part.id()).add(part.body());
    }
    html.closeLine();
  }

  private void explorer() {
    if (items.isEmpty()) {
      return;
    }
    html.section("every-item", "Every item");
    html.element(
        "p",
        "All "
            + Numbers.count(items.get().items())
            + " answers of both sides are in this file, packed."
            + (items.get().cut()
                ? " To keep it small, texts longer than "
                    + Numbers.count(items.get().longest())
                    + " characters are cut, more so those of items that did not change; the"
                    + " ledger's item lines have them whole."
                : ""));
    html.element(
        "p",
        "Looking through them takes this page's script, which does not run here. The items that"
            + " changed stand above.",
        "class",
        "note",
        "id",
        "without-script");
    html.open("details", "id", "explorer", "class", "list", "hidden", "");
    html.element("summary", "Look through them");
    html.open("div", "class", "filters", "role", "search", "aria-label", "Items");
    choice("part", "probe", List.of(), List.of());
    choice(
        "outcome",
        "outcome",
        List.of("changed", "lost", "won", "kept", "neither", "loops", "trained", "all"),
        List.of(
            "lost or won",
            "lost",
            "won",
            "right both times",
            "wrong both times",
            "endless repetition after",
            "in the training data",
            "all"));
    html.open("label").text("words ").single("input", "type", "search", "name", "words").close();
    html.closeLine();
    html.element("p", "", "id", "explorer-count", "role", "status");
    html.element("ol", "", "class", "items", "id", "explorer-items");
    html.open("p", "class", "filters");
    html.element("button", "Previous", "type", "button", "name", "previous");
    html.element("button", "Next", "type", "button", "name", "next");
    html.close().close().closeLine();
  }

  private void choice(String name, String label, List<String> values, List<String> words) {
    html.open("label").text(label + " ").open("select", "name", name);
    for (int i = 0; i < values.size(); i++) {
      html.element("option", words.get(i), "value", values.get(i));
    }
    html.close().close();
  }

  private void texts() {
    if (!data.texts().isEmpty()) {
      html.section("texts", "Token by token");
      html.add(texts).closeLine();
    }
  }

  private void reading() {
    html.section("reading", "How to read this");
    for (String line : resource("reading.txt").strip().split("\n\n", -1)) {
      html.element("p", line.replace('\n', ' '));
    }
    html.closeLine();
  }

  private static String hash(String text) {
    String hex = Sha256.of(text);
    return Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex));
  }

  static String resource(String name) {
    try (InputStream in =
        Objects.requireNonNull(Page.class.getResourceAsStream(name), "no resource " + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }
}
