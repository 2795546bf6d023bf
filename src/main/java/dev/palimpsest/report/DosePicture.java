package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** One measure, dose by dose, with its intervals: doses stand evenly, in their order. */
final class DosePicture {
  private static final double LEFT = 74;
  private static final double RIGHT = 580;
  private static final double TOP = 16;
  private static final double BOTTOM = 216;
  private static final double CAP = 5;

  private final String title;
  private final String across;
  private final List<Mark> marks;
  private final Axis y;

  /**
   * A dose's value.
   *
   * @param curve doses of one curve are joined; also its colour
   */
  record Mark(String dose, int curve, double value, Optional<Interval> interval) {}

  private DosePicture(String title, String across, List<Mark> marks) {
    this.title = title;
    this.across = across;
    this.marks = marks;
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
   * @param across what the doses are
   * @param id unique in the page
   */
  static Markup of(String title, String across, List<Mark> marks, String id) {
    return new DosePicture(title, across, marks).figure(id);
  }

  private Markup figure(String id) {
    Markup html = new Markup();
    html.open("figure");
    String labels = id + "-title " + id + "-desc";
    html.open("svg", "viewBox", "0 0 600 270", "role", "img", "aria-labelledby", labels);
    html.element("title", title + " by dose", "id", id + "-title");
    html.element("desc", told() + ". The table has the same numbers.", "id", id + "-desc");
    grid(html);
    for (int curve : marks.stream().map(Mark::curve).distinct().toList()) {
      curve(html, curve);
    }
    html.close();
    html.element("figcaption", title + ", with 95\u00a0% intervals.").closeLine();
    return html;
  }

  private String told() {
    return marks.stream()
        .map(
            mark ->
                mark.dose
                    + ": "
                    + Numbers.fine(mark.value)
                    + mark.interval.map(i -> " " + Numbers.fine(i)).orElse(""))
        .collect(Collectors.joining("; "));
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
          Numbers.at(RIGHT),
          "y2",
          at);
      label(html, Numbers.at(LEFT - 8), Numbers.at(y.at(tick) + 5), y.label(tick), "end");
    }
    for (int i = 0; i < marks.size(); i++) {
      label(html, x(i), Numbers.at(BOTTOM + 24), marks.get(i).dose, "middle");
    }
    label(html, Numbers.at((LEFT + RIGHT) / 2), "262", across, "middle");
  }

  private void curve(Markup html, int curve) {
    html.open("g", "class", FrontierPicture.colour(curve));
    List<String> points = new ArrayList<>();
    for (int i = 0; i < marks.size(); i++) {
      if (marks.get(i).curve == curve) {
        points.add(x(i) + "," + y.text(marks.get(i).value));
      }
    }
    html.element("polyline", "", "class", "way", "points", String.join(" ", points));
    for (int i = 0; i < marks.size(); i++) {
      if (marks.get(i).curve == curve) {
        mark(html, i);
      }
    }
    html.close();
  }

  private void mark(Markup html, int i) {
    Mark mark = marks.get(i);
    mark.interval.ifPresent(
        interval -> {
          double at = place(i);
          line(html, at, y.at(interval.low()), at, y.at(interval.high()));
          for (double end : new double[] {interval.low(), interval.high()}) {
            line(html, at - CAP, y.at(end), at + CAP, y.at(end));
          }
        });
    html.element(
        "circle", "", "class", "mark", "cx", x(i), "cy", y.text(mark.value), "r", Numbers.at(CAP));
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

  private double place(int i) {
    return LEFT + (RIGHT - LEFT) * (i + 0.5) / marks.size();
  }

  private String x(int i) {
    return Numbers.at(place(i));
  }

  private static void label(Markup html, String x, String y, String text, String anchor) {
    html.element("text", text, "class", "tick", "x", x, "y", y, "text-anchor", anchor);
  }
}
