package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Gain against loss: a mark with its intervals for each arm, and the ways that led there. */
final class FrontierPicture {
  private static final double WIDTH = 600;
  private static final double HEIGHT = 440;
  private static final double LEFT = 74;
  private static final double RIGHT = 580;
  private static final double TOP = 20;
  private static final double BOTTOM = 372;

  /** Radius of an arm's mark, and of a stop on its way. */
  private static final double MARK = 12;

  private static final double STOP = 4;

  private final List<ArmReport> arms;
  private final Axis x;
  private final Axis y;

  private FrontierPicture(List<ArmReport> arms) {
    this.arms = arms;
    List<Double> losses = new ArrayList<>(List.of(0.0));
    List<Double> gains = new ArrayList<>(List.of(0.0));
    for (ArmReport arm : arms) {
      points(arm)
          .forEach(
              point -> {
                losses.add(100 * point.loss());
                gains.add(100 * point.gain());
              });
      arm.place().flatMap(PathPoint::lossInterval).ifPresent(i -> addTo(losses, i));
      arm.place().flatMap(PathPoint::gainInterval).ifPresent(i -> addTo(gains, i));
    }
    this.x = Axis.covering(losses, LEFT, RIGHT);
    this.y = Axis.covering(gains, BOTTOM, TOP);
  }

  /** The picture, if any arm has a place in it. */
  static Optional<Markup> of(List<ArmReport> arms) {
    return arms.stream().anyMatch(arm -> points(arm).findAny().isPresent())
        ? Optional.of(new FrontierPicture(arms).draw())
        : Optional.empty();
  }

  /** The letter of an arm. */
  static String mark(int arm) {
    return arm < 26 ? String.valueOf((char) ('A' + arm)) : String.valueOf(arm + 1);
  }

  /** The class that gives an arm its colour. */
  static String colour(int arm) {
    return "arm" + arm % 7;
  }

  private static Stream<PathPoint> points(ArmReport arm) {
    return Stream.of(arm.place().stream(), arm.dial().stream(), arm.checkpoints().stream())
        .flatMap(s -> s);
  }

  private static void addTo(List<Double> values, Interval interval) {
    values.add(100 * interval.low());
    values.add(100 * interval.high());
  }

  private Markup draw() {
    Markup svg = new Markup();
    svg.open(
        "svg",
        "class",
        "frontier",
        "viewBox",
        "0 0 " + Numbers.at(WIDTH) + " " + Numbers.at(HEIGHT),
        "role",
        "img",
        "aria-labelledby",
        "frontier-title frontier-desc");
    svg.element("title", "Gain against loss, in percentage points", "id", "frontier-title");
    svg.element("desc", description(), "id", "frontier-desc");
    grid(svg);
    for (int i = 0; i < arms.size(); i++) {
      svg.open("g", "class", colour(i));
      path(svg, arms.get(i).dial(), "dial");
      path(svg, arms.get(i).checkpoints(), "steps");
      svg.close();
    }
    StopLabels labels = new StopLabels(svg);
    for (ArmReport arm : arms) {
      arm.place().ifPresent(p -> labels.avoid(x.at(100 * p.loss()), y.at(100 * p.gain()), MARK));
      points(arm).forEach(p -> labels.avoid(x.at(100 * p.loss()), y.at(100 * p.gain()), STOP));
    }
    for (int i = 0; i < arms.size(); i++) {
      svg.open("g", "class", colour(i));
      label(labels, arms.get(i).checkpoints());
      label(labels, arms.get(i).dial());
      svg.close();
    }
    for (int i = 0; i < arms.size(); i++) {
      Optional<PathPoint> place = arms.get(i).place();
      if (place.isPresent()) {
        svg.open("g", "class", colour(i));
        arm(svg, mark(i), place.get());
        svg.close();
      }
    }
    return svg.closeLine();
  }

  /** All stops but the first, which is the base. */
  private void label(StopLabels labels, List<PathPoint> points) {
    for (PathPoint point : points.subList(Math.min(1, points.size()), points.size())) {
      labels.put(
          point.label().substring(point.label().lastIndexOf(' ') + 1),
          x.at(100 * point.loss()),
          y.at(100 * point.gain()),
          STOP);
    }
  }

  private String description() {
    return "Across: points lost on retention probes. Up: points gained on gain probes. "
        + IntStream.range(0, arms.size())
            .filter(i -> arms.get(i).place().isPresent())
            .mapToObj(i -> mark(i) + ": " + told(arms.get(i).place().orElseThrow()))
            .collect(Collectors.joining(". "))
        + ". The numbers stand in the text, too.";
  }

  private void grid(Markup svg) {
    for (double tick : x.ticks()) {
      String at = x.text(tick);
      line(svg, tick == 0 ? "zero" : "grid", at, Numbers.at(TOP), at, Numbers.at(BOTTOM));
      text(svg, "tick", at, Numbers.at(BOTTOM + 24), x.label(tick), "middle");
    }
    for (double tick : y.ticks()) {
      String at = y.text(tick);
      line(svg, tick == 0 ? "zero" : "grid", Numbers.at(LEFT), at, Numbers.at(RIGHT), at);
      text(svg, "tick", Numbers.at(LEFT - 8), Numbers.at(y.at(tick) + 5), y.label(tick), "end");
    }
    String middle = Numbers.at((LEFT + RIGHT) / 2);
    text(svg, "axis", middle, Numbers.at(HEIGHT - 12), "points lost \u2192 worse", "middle");
    svg.element(
        "text",
        "points gained \u2192 better",
        "class",
        "axis",
        "text-anchor",
        "middle",
        "transform",
        "translate(20 " + Numbers.at((TOP + BOTTOM) / 2) + ") rotate(-90)");
  }

  private void path(Markup svg, List<PathPoint> points, String kind) {
    if (points.isEmpty()) {
      return;
    }
    String coordinates =
        points.stream()
            .map(point -> x.text(100 * point.loss()) + "," + y.text(100 * point.gain()))
            .collect(Collectors.joining(" "));
    svg.element("polyline", "", "class", "way " + kind, "points", coordinates);
    for (PathPoint point : points) {
      svg.open(
          "circle",
          "class",
          "stop " + kind,
          "cx",
          x.text(100 * point.loss()),
          "cy",
          y.text(100 * point.gain()),
          "r",
          Numbers.at(STOP));
      svg.element("title", point.label() + ": " + told(point)).close();
    }
  }

  private void arm(Markup svg, String mark, PathPoint place) {
    double across = 100 * place.loss();
    double up = 100 * place.gain();
    place
        .lossInterval()
        .ifPresent(
            i ->
                line(
                    svg,
                    "interval",
                    x.text(100 * i.low()),
                    y.text(up),
                    x.text(100 * i.high()),
                    y.text(up)));
    place
        .gainInterval()
        .ifPresent(
            i ->
                line(
                    svg,
                    "interval",
                    x.text(across),
                    y.text(100 * i.low()),
                    x.text(across),
                    y.text(100 * i.high())));
    svg.open("g");
    svg.element("title", mark + " \u00b7 " + place.label() + ": " + told(place));
    svg.element(
        "circle",
        "",
        "class",
        "mark",
        "cx",
        x.text(across),
        "cy",
        y.text(up),
        "r",
        Numbers.at(MARK));
    text(svg, "letter", x.text(across), Numbers.at(y.at(up) + 5), mark, "middle");
    svg.close();
  }

  private static String told(PathPoint point) {
    return "gained "
        + Numbers.points(point.gain())
        + " "
        + Numbers.points(point.gainInterval())
        + ", lost "
        + Numbers.points(point.loss())
        + " "
        + Numbers.points(point.lossInterval());
  }

  private static void line(Markup svg, String kind, String x1, String y1, String x2, String y2) {
    svg.element("line", "", "class", kind, "x1", x1, "y1", y1, "x2", x2, "y2", y2);
  }

  private static void text(
      Markup svg, String kind, String x, String y, String text, String anchor) {
    svg.element("text", text, "class", kind, "x", x, "y", y, "text-anchor", anchor);
  }
}
