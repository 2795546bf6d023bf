package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Every setting of a search, gain against loss, with the limit: of several probes the one whose
 * loss is the largest share of its limit. Settings are numbered as in the table.
 */
final class SearchPicture {
  private static final double LEFT = 74;
  private static final double RIGHT = 580;
  private static final double TOP = 20;
  private static final double BOTTOM = 332;
  private static final double STOP = 5;
  private static final double RING = 10;

  private final SearchView view;
  private final List<Place> places;
  private final boolean one;
  private final double limit;
  private final Axis x;
  private final Axis y;
  private final Markup svg = new Markup();

  /** Where a reading lies, in the picture's units. */
  private record Place(double loss, double gain) {}

  private SearchPicture(SearchView view) {
    this.view = view;
    this.one = view.limits().size() == 1;
    this.limit = 100 * (one ? view.limits().values().iterator().next() : 1);
    this.places = view.tried().stream().map(each -> place(each.selection())).toList();
    List<Double> losses = new ArrayList<>(List.of(0.0, 1.2 * limit));
    List<Double> gains = new ArrayList<>(List.of(0.0));
    places.forEach(
        place -> {
          losses.add(place.loss);
          gains.add(place.gain);
        });
    view.report()
        .ifPresent(
            reading -> {
              losses.addAll(ends(loss(reading), lossFactor(reading)));
              gains.addAll(ends(reading.gain(), gainFactor()));
            });
    this.x = Axis.covering(losses.stream().filter(Double::isFinite).toList(), LEFT, RIGHT);
    this.y = Axis.covering(gains, BOTTOM, TOP);
  }

  /** Draws it. */
  static Markup of(SearchView view) {
    return new SearchPicture(view).draw();
  }

  private SearchView.Estimate loss(SearchView.Reading reading) {
    return Objects.requireNonNull(reading.lost().get(view.nearest(reading)));
  }

  private double lossFactor(SearchView.Reading reading) {
    return one ? 100 : 100 / view.limits().getOrDefault(view.nearest(reading), 1.0);
  }

  private double gainFactor() {
    return ofLoss() ? 1 : 100;
  }

  private boolean ofLoss() {
    return view.tried().getFirst().selection().ofLoss();
  }

  private static List<Double> ends(SearchView.Estimate estimate, double factor) {
    List<Double> ends = new ArrayList<>(List.of(factor * estimate.value()));
    estimate.interval().ifPresent(i -> ends.addAll(List.of(factor * i.low(), factor * i.high())));
    return ends;
  }

  private Place place(SearchView.Reading reading) {
    return new Place(
        lossFactor(reading) * view.held(loss(reading)), gainFactor() * reading.gain().value());
  }

  private Markup draw() {
    Markup html = new Markup().open("figure");
    svg.open("svg", "viewBox", "0 0 600 400", "role", "img", "aria-labelledby", "search-title");
    svg.element(
        "title",
        "Gain against loss of "
            + view.tried().size()
            + " settings, with the limit; the table has the same numbers",
        "id",
        "search-title");
    grid();
    StopLabels labels = new StopLabels(svg);
    for (int i = 0; i < places.size(); i++) {
      labels.avoid(at(places.get(i)), y.at(places.get(i).gain), radius(i));
    }
    view.report().ifPresent(this::told);
    for (int i = 0; i < places.size(); i++) {
      setting(i, labels);
    }
    svg.close();
    html.add(svg).element("figcaption", caption()).closeLine();
    return html;
  }

  /** A loss without an upper limit stands at the edge. */
  private double at(Place place) {
    return Math.min(RIGHT, x.at(place.loss));
  }

  private void grid() {
    double edge = x.at(limit);
    svg.element(
        "rect",
        "",
        "class",
        "beyond",
        "x",
        Numbers.at(edge),
        "y",
        Numbers.at(TOP),
        "width",
        Numbers.at(RIGHT - edge),
        "height",
        Numbers.at(BOTTOM - TOP));
    for (double tick : x.ticks()) {
      line(tick == 0 ? "zero" : "grid", x.at(tick), TOP, x.at(tick), BOTTOM);
      text("tick", x.at(tick), BOTTOM + 24, x.label(tick), "middle");
    }
    for (double tick : y.ticks()) {
      line(tick == 0 ? "zero" : "grid", LEFT, y.at(tick), RIGHT, y.at(tick));
      text("tick", LEFT - 8, y.at(tick) + 5, y.label(tick), "end");
    }
    line("limit", edge, TOP, edge, BOTTOM);
    text("limit-name", edge + 6, BOTTOM - 8, "over the limit", "start");
    text("axis", (LEFT + RIGHT) / 2, 388, across() + " \u2192 worse", "middle");
    svg.element(
        "text",
        (ofLoss() ? "lower held-out loss" : "points gained") + " \u2192 better",
        "class",
        "axis",
        "text-anchor",
        "middle",
        "transform",
        "translate(20 " + Numbers.at((TOP + BOTTOM) / 2) + ") rotate(-90)");
  }

  private String across() {
    return one ? "lost, percent" : "loss as a share of its limit, percent";
  }

  private double radius(int i) {
    return view.chosen().filter(chosen -> chosen == i).isPresent() ? RING : STOP;
  }

  private void setting(int i, StopLabels labels) {
    Place place = places.get(i);
    SearchView.Tried tried = view.tried().get(i);
    svg.open("g", "class", FrontierPicture.colour(tried.run() - 1));
    svg.open(
        "circle",
        "class",
        tried.allowed() ? "stop" : "stop dial",
        "cx",
        Numbers.at(at(place)),
        "cy",
        y.text(place.gain),
        "r",
        Numbers.at(STOP));
    svg.element(
        "title",
        (i + 1) + ": run " + tried.run() + ", " + tried.settings() + ", " + tried.adapter());
    svg.close();
    labels.put(String.valueOf(i + 1), at(place), y.at(place.gain), radius(i));
    if (radius(i) == RING) {
      svg.element(
          "circle",
          "",
          "class",
          "chosen",
          "cx",
          Numbers.at(at(place)),
          "cy",
          y.text(place.gain),
          "r",
          Numbers.at(RING));
    }
    svg.close();
  }

  /** What the other half says of the chosen one. */
  private void told(SearchView.Reading reading) {
    SearchView.Estimate loss = loss(reading);
    double factor = lossFactor(reading);
    double across = x.at(factor * loss.value());
    double up = y.at(gainFactor() * reading.gain().value());
    svg.open("g", "class", "told-again");
    view.chosen()
        .map(places::get)
        .ifPresent(from -> line("way", at(from), y.at(from.gain), across, up));
    loss.interval().ifPresent(i -> bar(across(i, factor), up, true));
    reading.gain().interval().ifPresent(i -> bar(up(i), across, false));
    double r = RING;
    String points =
        "%s,%s %s,%s %s,%s %s,%s"
            .formatted(
                Numbers.at(across - r),
                Numbers.at(up),
                Numbers.at(across),
                Numbers.at(up - r),
                Numbers.at(across + r),
                Numbers.at(up),
                Numbers.at(across),
                Numbers.at(up + r));
    svg.open("polygon", "class", "other-half", "points", points);
    svg.element("title", "the chosen setting on the other half").close().close();
  }

  private Interval across(Interval interval, double factor) {
    return new Interval(
        x.at(factor * interval.low()), x.at(factor * interval.high()), interval.method());
  }

  private Interval up(Interval interval) {
    return new Interval(
        y.at(gainFactor() * interval.high()),
        y.at(gainFactor() * interval.low()),
        interval.method());
  }

  private void bar(Interval ends, double at, boolean flat) {
    if (flat) {
      line("interval", ends.low(), at, ends.high(), at);
    } else {
      line("interval", at, ends.low(), at, ends.high());
    }
  }

  private String caption() {
    return "Numbers are the table's, colours the runs; filled is allowed."
        + (view.report().isPresent()
            ? " The ringed one is chosen; the diamond is what the other half says of it, with"
                + " 95\u00a0% intervals."
            : "")
        + (one ? "" : " Across: of the probe whose loss is the largest share of its limit.")
        + (view.byInterval()
            ? " Settings stand at the upper 95\u00a0% limit of their loss, which is held against"
                + " the limit."
            : "");
  }

  private void line(String kind, double x1, double y1, double x2, double y2) {
    svg.element(
        "line",
        "",
        "class",
        kind,
        "x1",
        Numbers.at(x1),
        "y1",
        Numbers.at(y1),
        "x2",
        Numbers.at(x2),
        "y2",
        Numbers.at(y2));
  }

  private void text(String kind, double x, double y, String text, String anchor) {
    svg.element(
        "text", text, "class", kind, "x", Numbers.at(x), "y", Numbers.at(y), "text-anchor", anchor);
  }
}
