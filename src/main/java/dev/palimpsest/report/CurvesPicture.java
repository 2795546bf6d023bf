package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One measure at each of a few places, such as doses or stages, with its intervals: places stand
 * evenly, in their order, and the curves' names at their ends.
 */
final class CurvesPicture {
  private static final double LEFT = 74;
  private static final double RIGHT = 580;
  private static final double TOP = 16;
  private static final double BOTTOM = 216;
  private static final double CAP = 5;

  /** Room for the curves' names, for each of them in height, and how many letters fit. */
  private static final double NAMES = 124;

  private static final double NAME = 18;
  private static final double APART = 6;
  private static final int LETTERS = 12;

  /** Room for a letter as wide, and a row as high, as on a narrow screen. */
  private static final double LETTER = 11;

  private static final double ROW = 22;

  private final Words words;
  private final List<Mark> marks;
  private final List<String> places;
  private final double right;
  private final int rows;
  private final Axis y;

  /**
   * What the picture says.
   *
   * @param title of the measure, with its unit
   * @param across what the places are
   * @param curves names of the curves; none where one curve is all, or places tell
   * @param note after the title in the caption
   */
  record Words(String title, String across, List<String> curves, String note) {}

  /**
   * A value.
   *
   * @param curve those of one curve are joined; also its colour
   */
  record Mark(String place, int curve, double value, Optional<Interval> interval) {}

  private CurvesPicture(Words words, List<Mark> marks) {
    this.words = words;
    this.marks = marks;
    this.places = marks.stream().map(Mark::place).distinct().toList();
    this.right = words.curves.isEmpty() ? RIGHT : RIGHT - NAMES;
    int longest = places.stream().mapToInt(place -> cut(place).length()).max().orElse(0);
    this.rows = longest * LETTER > (right - LEFT) / places.size() ? 2 : 1;
    List<Double> values = new ArrayList<>(List.of(0.0));
    for (Mark mark : marks) {
      values.add(mark.value);
      mark.interval.ifPresent(i -> values.addAll(List.of(i.low(), i.high())));
    }
    this.y = Axis.covering(values, BOTTOM, TOP);
  }

  /**
   * Draws it.
   *
   * @param id unique in the page
   */
  static Markup of(Words words, List<Mark> marks, String id) {
    return new CurvesPicture(words, marks).figure(id);
  }

  private Markup figure(String id) {
    Markup html = new Markup();
    html.open("figure");
    String labels = id + "-title " + id + "-desc";
    String box = "0 0 600 " + Numbers.at(BOTTOM + 32 + rows * ROW);
    html.open("svg", "viewBox", box, "role", "img", "aria-labelledby", labels);
    html.element("title", words.title + " by " + words.across, "id", id + "-title");
    html.element("desc", told() + ". The table has the same numbers.", "id", id + "-desc");
    grid(html);
    for (int curve : marks.stream().map(Mark::curve).distinct().toList()) {
      curve(html, curve);
    }
    if (!words.curves.isEmpty()) {
      names(html);
    }
    html.close();
    html.element("figcaption", words.title + ", " + words.note).closeLine();
    return html;
  }

  private String told() {
    return marks.stream().map(this::told).collect(Collectors.joining("; "));
  }

  private String told(Mark mark) {
    return (words.curves.isEmpty() ? "" : words.curves.get(mark.curve) + ", ")
        + mark.place
        + ": "
        + Numbers.fine(mark.value)
        + mark.interval.map(i -> " " + Numbers.fine(i)).orElse("");
  }

  private void grid(Markup html) {
    for (double tick : y.ticks()) {
      String at = y.text(tick);
      String kind = tick == 0 ? "zero" : "grid";
      html.element(
          "line",
          "",
          "class",
          kind,
          "x1",
          Numbers.at(LEFT),
          "y1",
          at,
          "x2",
          Numbers.at(right),
          "y2",
          at);
      label(html, Numbers.at(LEFT - 8), Numbers.at(y.at(tick) + 5), y.label(tick), "end");
    }
    for (int i = 0; i < places.size(); i++) {
      double below = BOTTOM + 24 + i % rows * ROW;
      String place = places.get(i);
      label(html, Numbers.at(at(place)), Numbers.at(below), cut(place), "middle");
    }
    double across = BOTTOM + 24 + rows * ROW;
    label(html, Numbers.at((LEFT + right) / 2), Numbers.at(across), words.across, "middle");
  }

  private void curve(Markup html, int curve) {
    List<Mark> own = marks.stream().filter(mark -> mark.curve == curve).toList();
    html.open("g", "class", FrontierPicture.colour(curve));
    String points =
        own.stream()
            .map(mark -> Numbers.at(x(mark)) + "," + y.text(mark.value))
            .collect(Collectors.joining(" "));
    html.element("polyline", "", "class", "way", "points", points);
    own.forEach(mark -> mark(html, mark));
    html.close();
  }

  /** Beside the end of each curve; where ends lie close together, one below the other. */
  private void names(Markup html) {
    List<Mark> ends =
        marks.stream()
            .filter(mark -> mark.place.equals(places.getLast()))
            .sorted(Comparator.comparingDouble((Mark mark) -> -mark.value))
            .toList();
    double x = at(places.getLast()) + APART * words.curves.size() / 2 + 2 * CAP;
    double above = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < ends.size(); i++) {
      Mark end = ends.get(i);
      double lowest = BOTTOM - NAME * (ends.size() - 1 - i);
      double at = Math.min(lowest, Math.max(y.at(end.value), above + NAME));
      above = at;
      html.element(
          "text",
          cut(words.curves.get(end.curve)),
          "class",
          "curve-name " + FrontierPicture.colour(end.curve),
          "x",
          Numbers.at(x),
          "y",
          Numbers.at(at + 5),
          "text-anchor",
          "start");
    }
  }

  private static String cut(String name) {
    return name.length() <= LETTERS ? name : name.substring(0, LETTERS - 1) + "\u2026";
  }

  private void mark(Markup html, Mark mark) {
    double at = x(mark);
    mark.interval.ifPresent(
        interval -> {
          line(html, at, y.at(interval.low()), at, y.at(interval.high()));
          for (double end : new double[] {interval.low(), interval.high()}) {
            line(html, at - CAP, y.at(end), at + CAP, y.at(end));
          }
        });
    html.open(
        "circle",
        "class",
        "mark",
        "cx",
        Numbers.at(at),
        "cy",
        y.text(mark.value),
        "r",
        Numbers.at(CAP));
    html.element("title", told(mark)).close();
  }

  private static void line(Markup html, double x1, double y1, double x2, double y2) {
    html.element(
        "line",
        "",
        "class",
        "interval",
        "x1",
        Numbers.at(x1),
        "y1",
        Numbers.at(y1),
        "x2",
        Numbers.at(x2),
        "y2",
        Numbers.at(y2));
  }

  private double at(String place) {
    return LEFT + (right - LEFT) * (places.indexOf(place) + 0.5) / places.size();
  }

  /** Curves stand a little apart, so that none hides another's interval. */
  private double x(Mark mark) {
    double middle = (words.curves.size() - 1) / 2.0;
    return words.curves.isEmpty() ? at(mark.place) : at(mark.place) + (mark.curve - middle) * APART;
  }

  private static void label(Markup html, String x, String y, String text, String anchor) {
    html.element("text", text, "class", "tick", "x", x, "y", y, "text-anchor", anchor);
  }
}
