package dev.palimpsest.report;

import dev.palimpsest.run.AtomicFile;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** The page of a search: every setting tried, the one chosen, and what the other half says. */
public final class SearchReport {
  private final JsonNode document;
  private final SearchView view;
  private final Markup html = new Markup();

  private SearchReport(JsonNode document) {
    this.document = document;
    this.view = SearchView.of(document);
  }

  /**
   * Writes the page.
   *
   * @param folder of the search, with its document as docs/formats/run-folder.md has it
   * @throws dev.palimpsest.run.BadInput naming the document, if it is no search's
   * @throws dev.palimpsest.run.EnvironmentFailure if the page cannot be written
   */
  public static void write(Path file, Path folder) {
    AtomicFile.write(
        file, page(RunReport.required(folder.resolve("search.json"), "palimpsest-search/1")));
  }

  static String page(JsonNode document) {
    return new SearchReport(document).page();
  }

  private String page() {
    view.report().ifPresent(this::cards);
    html.section("frontier", "Gain against loss");
    html.add(SearchPicture.of(view)).closeLine();
    html.section("tried", "Every setting tried");
    settings();
    html.closeLine();
    reading();
    return PlainPage.of("The most gain within the limits", finding(), html);
  }

  private String finding() {
    Optional<SearchView.Tried> chosen = view.chosen().map(view.tried()::get);
    if (chosen.isEmpty()) {
      return "Of "
          + view.tried().size()
          + " settings none gained anything within the limits; no adapter was written.";
    }
    SearchView.Reading report = view.report().orElseThrow();
    List<String> lost = new ArrayList<>();
    report
        .lost()
        .forEach(
            (probe, loss) ->
                lost.add(
                    Numbers.percent(loss.value())
                        + loss.interval().map(i -> " " + Numbers.percent(i)).orElse("")
                        + " of "
                        + probe));
    return "Chosen among "
        + view.tried().size()
        + " settings: "
        + name(chosen.get())
        + ". On the half that chose nothing it gains "
        + value(report)
        + " "
        + unit()
        + " "
        + limits(report)
        + " and loses "
        + String.join(", ", lost)
        + (report.lost().entrySet().stream().allMatch(e -> view.within(e.getKey(), e.getValue()))
            ? ": within the limits there, too."
            : ": over a limit there; choose on more items, or limit more.");
  }

  private static String name(SearchView.Tried tried) {
    return "run " + tried.run() + " (" + tried.settings() + "), " + tried.adapter();
  }

  /** With its limits, in {@link #unit}. */
  private static String gain(SearchView.Reading reading) {
    return value(reading) + " " + limits(reading);
  }

  private static String value(SearchView.Reading reading) {
    double gain = reading.gain().value();
    return reading.ofLoss() ? Numbers.fineSigned(gain) : Numbers.points(gain);
  }

  private static String limits(SearchView.Reading reading) {
    return reading
        .gain()
        .interval()
        .map(i -> reading.ofLoss() ? Numbers.fineSigned(i) : Numbers.points(i))
        .orElse("none");
  }

  private String unit() {
    return view.tried().getFirst().selection().ofLoss() ? "nats a label" : "points";
  }

  private void cards(SearchView.Reading report) {
    html.open("section", "class", "cards", "aria-labelledby", "verdict-heading");
    html.element("h2", "On the other half", "id", "verdict-heading", "class", "hidden");
    Verdict.Way way = Verdict.Way.of(report.gain().interval());
    Verdict.openCard(
        html,
        way.colour(),
        "Gained, on the other half",
        value(report) + " " + unit(),
        way.sign + " " + (way == Verdict.Way.OPEN ? "undecided" : "beyond doubt"));
    html.element("p", "95\u00a0% interval " + limits(report)).closeLine();
    report.lost().forEach(this::card);
    html.closeLine();
  }

  private void card(String probe, SearchView.Estimate loss) {
    boolean within = view.within(probe, loss);
    Verdict.openCard(
        html,
        within ? "up" : "down",
        "Lost of " + probe,
        Numbers.percent(loss.value()),
        (within ? "\u2713 " : "\u2717 ")
            + (view.byInterval() ? "its upper end is " : "")
            + (within ? "within " : "over ")
            + limit(probe));
    html.element("p", "95\u00a0% interval " + loss.interval().map(Numbers::percent).orElse("none"))
        .closeLine();
  }

  private String limit(String probe) {
    return new DecimalFormat("0.##", DecimalFormatSymbols.getInstance(Locale.ROOT))
            .format(100 * view.limits().getOrDefault(probe, 0.0))
        + "\u00a0%";
  }

  private void settings() {
    List<String> probes = List.copyOf(view.limits().keySet());
    List<String> columns = new ArrayList<>(List.of("setting", "adapter", "gained, " + unit()));
    probes.forEach(probe -> columns.add("lost of " + probe + ", limit " + limit(probe)));
    columns.add("");
    Table table =
        Table.open(
            html,
            "On the half that chooses, in the order tried, with 95\u00a0% intervals",
            columns.toArray(String[]::new));
    for (int i = 0; i < view.tried().size(); i++) {
      SearchView.Tried tried = view.tried().get(i);
      table.begin((i + 1) + " \u00b7 " + tried.settings()).cell(tried.adapter());
      table.cell(gain(tried.selection()));
      for (String probe : probes) {
        SearchView.Estimate loss = Objects.requireNonNull(tried.selection().lost().get(probe));
        table.cell(
            (view.within(probe, loss) ? "" : "\u2717 ")
                + Numbers.percent(loss.value())
                + loss.interval().map(l -> " " + Numbers.percent(l)).orElse(""));
      }
      table.cell(verdict(i, tried)).end();
    }
    table.close();
  }

  private String verdict(int place, SearchView.Tried tried) {
    if (view.chosen().filter(chosen -> chosen == place).isPresent()) {
      return "\u2713 chosen";
    }
    return tried.allowed()
        ? "\u2713 allowed"
        : tried.selection().gain().value() > 0 ? "\u2717 over" : "\u2717 no gain";
  }

  private void reading() {
    JsonNode asked = document.path("asked").path("job");
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("folder", document.path("run").asString("")));
    facts.add(new Fact("model", asked.path("model").asString("")));
    for (Map.Entry<String, Double> limit : view.limits().entrySet()) {
      facts.add(new Fact("limit on " + limit.getKey(), "less than " + limit(limit.getKey())));
    }
    PlainPage.reading(
        html,
        facts,
        List.of(
            "Every setting is asked the one half of each probe's items, and the setting with the"
                + " most gain within all limits is taken. The taken one alone is then asked the"
                + " other half: a choice among many favours what was lucky on its half, so only"
                + " that second reading is to be believed.",
            "A loss is a share of all items, or of the bits a byte of texts; what must be less than"
                + " its limit is "
                + (view.byInterval()
                    ? "the upper end of its 95\u00a0% interval."
                    : "the loss as seen (--keep-by interval would take the upper end of its"
                        + " 95\u00a0% interval).")
                + " Below 0 it is a gain. Nats a label are those by which the held-out loss is"
                + " lower."));
  }
}
