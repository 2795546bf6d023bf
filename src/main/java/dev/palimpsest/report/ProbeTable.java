package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.PairedCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The probes of a ledger as a table, each with its interval drawn on one common scale. */
final class ProbeTable {
  private static final int MOST_SLICES = 200;
  private static final String[] COLUMNS = {
    "kind", "n", "before", "after", "\u0394", "95\u00a0% interval", "", "lost", "won", "p"
  };

  private final LedgerView ledger;

  private ProbeTable(LedgerView ledger) {
    this.ledger = ledger;
  }

  static Markup of(LedgerView ledger, String arm) {
    Markup html = new Markup();
    new ProbeTable(ledger).write(html, arm);
    return html;
  }

  private void write(Markup html, String arm) {
    open(html, "Probes of " + arm + ", before and after", "probe");
    for (LedgerView.Row row : ledger.probes()) {
      row(html, row.name(), row.metric(), kind(row), row.all(), widest());
      row.byBytes()
          .ifPresent(
              change -> row(html, row.name(), "by bytes (acc_norm)", kind(row), change, widest()));
    }
    html.close().close().closeLine();
    for (LedgerView.Row row : ledger.probes()) {
      if (!row.slices().isEmpty()) {
        slices(html, row);
      }
    }
  }

  private static void slices(Markup html, LedgerView.Row row) {
    List<LedgerView.Slice> shown =
        row.slices().subList(0, Math.min(MOST_SLICES, row.slices().size()));
    html.open("details");
    html.element("summary", "Slices of " + row.name() + ": " + Numbers.count(row.slices().size()));
    if (shown.size() < row.slices().size()) {
      html.element(
          "p",
          "Shown: the first "
              + Numbers.count(shown.size())
              + " of "
              + Numbers.count(row.slices().size())
              + "; the ledger's JSON has all.",
          "class",
          "note");
    }
    open(html, "Slices of " + row.name(), "slice");
    double widest = widest(shown.stream().map(LedgerView.Slice::change).toList());
    for (LedgerView.Slice slice : shown) {
      row(html, slice.name(), "", kind(row), slice.change(), widest);
    }
    html.close().close().close().closeLine();
  }

  private static void open(Markup html, String caption, String first) {
    html.open("div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label", caption);
    html.open("table", "class", "probes").element("caption", caption).open("thead").open("tr");
    html.element("th", first, "scope", "col");
    for (String column : COLUMNS) {
      if (column.isEmpty()) {
        html.element("td", "", "aria-hidden", "true");
      } else {
        html.element("th", column, "scope", "col");
      }
    }
    html.close().close().open("tbody");
  }

  private static void row(
      Markup html,
      String name,
      String detail,
      String kind,
      LedgerView.Change change,
      double widest) {
    html.open("tr").open("th", "scope", "row").text(name);
    if (!detail.isEmpty()) {
      html.text(" ").element("small", detail);
    }
    html.close().element("td", kind).element("td", Numbers.count(change.n()));
    boolean rates = change.counts().isPresent();
    html.element("td", rates ? Numbers.percent(change.before()) : bits(change.before()));
    html.element("td", rates ? Numbers.percent(change.after()) : bits(change.after()));
    String delta = rates ? Numbers.points(change.delta()) : Numbers.fineSigned(change.delta());
    html.element("td", delta, "class", "delta");
    interval(html, change, rates);
    html.open("td", "class", "forest", "aria-hidden", "true");
    if (rates && change.interval().isPresent()) {
      forest(html, change.delta(), change.interval().get(), widest);
    }
    html.close();
    html.element("td", change.counts().map(c -> Numbers.count(c.lost())).orElse("\u2013"));
    html.element("td", change.counts().map(c -> Numbers.count(c.won())).orElse("\u2013"));
    p(html, change);
    html.closeLine();
  }

  private static void p(Markup html, LedgerView.Change change) {
    html.open("td").text(change.p().map(Numbers::p).orElse("\u2013"));
    if (change.p().isPresent() && change.documents() > 0) {
      html.text(" ").element("small", Numbers.count(change.documents()) + " documents");
    }
    html.close();
  }

  private static void interval(Markup html, LedgerView.Change change, boolean rates) {
    Optional<Interval> interval = change.interval();
    html.open("td");
    if (interval.isEmpty()) {
      html.text("none");
    } else {
      html.text(rates ? Numbers.points(interval.get()) : Numbers.fineSigned(interval.get()));
      html.text(" ").element("small", interval.get().method().name().toLowerCase(Locale.ROOT));
    }
    html.close();
  }

  /** The interval as a bar about zero; the numbers stand beside it. */
  private static void forest(Markup html, double delta, Interval interval, double widest) {
    Axis x = new Axis(-widest, widest, widest, 4, 136);
    String kind = interval.low() > 0 ? "won" : interval.high() < 0 ? "lost" : "open";
    html.open("svg", "viewBox", "0 0 140 18", "class", kind);
    html.element("line", "", "class", "zero", "x1", "70", "y1", "0", "x2", "70", "y2", "18");
    String low = x.text(interval.low());
    String high = x.text(interval.high());
    html.element("line", "", "class", "bar", "x1", low, "y1", "9", "x2", high, "y2", "9");
    html.element("circle", "", "cx", x.text(delta), "cy", "9", "r", "4");
    html.close();
  }

  private double widest() {
    List<LedgerView.Change> changes = new ArrayList<>();
    for (LedgerView.Row row : ledger.probes()) {
      changes.add(row.all());
      row.byBytes().ifPresent(changes::add);
    }
    return widest(changes);
  }

  private static double widest(List<LedgerView.Change> changes) {
    return changes.stream()
        .filter(change -> change.counts().isPresent())
        .flatMap(change -> change.interval().stream())
        .mapToDouble(i -> Math.max(Math.abs(i.low()), Math.abs(i.high())))
        .reduce(0.001, Math::max);
  }

  private static String kind(LedgerView.Row row) {
    return row.kind().name().toLowerCase(Locale.ROOT);
  }

  private static String bits(double value) {
    return Numbers.fine(value) + " b/B";
  }

  /** Lost and won of an arm in one line, for the summary. */
  static String told(LedgerView.Change change) {
    String counts =
        change
            .counts()
            .map(ProbeTable::counts)
            .orElseThrow(() -> new IllegalArgumentException("bits are not pooled"));
    return Numbers.points(change.delta())
        + " points "
        + Numbers.points(change.interval())
        + " ("
        + counts
        + ")";
  }

  private static String counts(PairedCounts c) {
    return Numbers.count(c.lost())
        + " lost, "
        + Numbers.count(c.won())
        + " won, of "
        + Numbers.count(c.n());
  }
}
