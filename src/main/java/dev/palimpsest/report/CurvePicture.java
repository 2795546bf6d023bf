package dev.palimpsest.report;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The training loss, step by step, and the held-out loss where it was measured. */
final class CurvePicture {
  private static final int MOST_DRAWN = 800;
  private static final int MOST_RINGS = 50;
  private static final int MOST_LISTED = 24;
  private static final double LEFT = 62;
  private static final double RIGHT = 564;
  private static final double TOP = 16;
  private static final double BOTTOM = 216;

  private CurvePicture() {}

  /**
   * Draws it, with the numbers in a table beneath.
   *
   * @param id unique in the page
   */
  static Markup of(List<LossPoint> curve, String name, String id) {
    List<LossPoint> drawn = thinned(curve, MOST_DRAWN);
    List<LossPoint> heldOut = curve.stream().filter(p -> p.heldOut().isPresent()).toList();
    Markup html = new Markup();
    html.open("figure");
    svg(html, drawn, heldOut, id);
    html.open("figcaption");
    html.text("Loss of " + name + ", nats a token, over " + Numbers.count(curve.size()) + " steps");
    html.text(heldOut.isEmpty() ? "." : "; rings are the held-out loss.");
    if (drawn.size() < curve.size() || heldOut.size() > MOST_RINGS) {
      html.text(
          " Drawn, evenly spaced, first and last kept: "
              + Numbers.count(drawn.size())
              + " steps, "
              + Math.min(MOST_RINGS, heldOut.size())
              + " of "
              + Numbers.count(heldOut.size())
              + " rings.");
    }
    html.close().closeLine();
    table(html, curve, heldOut, name);
    return html;
  }

  private static void svg(Markup html, List<LossPoint> drawn, List<LossPoint> heldOut, String id) {
    List<Double> losses = new ArrayList<>(drawn.stream().map(LossPoint::train).toList());
    heldOut.forEach(point -> losses.add(point.heldOut().orElseThrow()));
    losses.add(0.0);
    Axis x = Axis.covering(drawn.stream().map(p -> (double) p.step()).toList(), LEFT, RIGHT);
    Axis y = Axis.covering(losses, BOTTOM, TOP);
    String labels = id + "-title " + id + "-desc";
    html.open("svg", "viewBox", "0 0 600 270", "role", "img", "aria-labelledby", labels);
    html.element("title", "Training loss by step", "id", id + "-title");
    html.element("desc", told(drawn), "id", id + "-desc");
    for (double tick : y.ticks()) {
      String at = y.text(tick);
      html.element(
          "line", "", "class", "grid", "x1", "" + LEFT, "y1", at, "x2", "" + RIGHT, "y2", at);
      label(html, Numbers.at(LEFT - 8), Numbers.at(y.at(tick) + 5), y.label(tick), "end");
    }
    for (double tick : x.ticks()) {
      label(html, x.text(tick), Numbers.at(BOTTOM + 24), x.label(tick), "middle");
    }
    label(html, Numbers.at((LEFT + RIGHT) / 2), "262", "step", "middle");
    String line =
        drawn.stream()
            .map(point -> x.text((double) point.step()) + "," + y.text(point.train()))
            .collect(Collectors.joining(" "));
    html.element("polyline", "", "class", "curve", "points", line);
    for (LossPoint point : thinned(heldOut, MOST_RINGS)) {
      double loss = point.heldOut().orElseThrow();
      html.open(
          "circle",
          "class",
          "heldout",
          "cx",
          x.text((double) point.step()),
          "cy",
          y.text(loss),
          "r",
          "5");
      html.element("title", "step " + point.step() + ": held-out loss " + Numbers.fine(loss));
      html.close();
    }
    html.closeLine();
  }

  private static String told(List<LossPoint> curve) {
    LossPoint first = curve.getFirst();
    LossPoint last = curve.getLast();
    return "From "
        + Numbers.fine(first.train())
        + " at step "
        + Numbers.count(first.step())
        + " to "
        + Numbers.fine(last.train())
        + " at step "
        + Numbers.count(last.step())
        + ".";
  }

  private static void table(
      Markup html, List<LossPoint> curve, List<LossPoint> heldOut, String name) {
    SortedMap<Long, LossPoint> rows = new TreeMap<>();
    thinned(curve, MOST_LISTED).forEach(point -> rows.put(point.step(), point));
    thinned(heldOut, MOST_RINGS).forEach(point -> rows.put(point.step(), point));
    String listed =
        rows.size() < curve.size()
            ? ", " + rows.size() + " of " + Numbers.count(curve.size()) + " steps"
            : "";
    html.open("details");
    html.element("summary", "The curve in numbers" + listed);
    Table table = Table.open(html, "Loss of " + name + " by step", "step", "loss", "held-out loss");
    for (LossPoint row : rows.values()) {
      table.row(
          Numbers.count(row.step()),
          Numbers.fine(row.train()),
          row.heldOut().isPresent() ? Numbers.fine(row.heldOut().getAsDouble()) : "");
    }
    table.close();
    html.closeLine();
  }

  /** At most {@code most} of them, evenly spaced, the last one among them. */
  private static List<LossPoint> thinned(List<LossPoint> points, int most) {
    if (points.size() <= most) {
      return points;
    }
    List<LossPoint> kept = new ArrayList<>();
    for (int i = 0; i < most; i++) {
      kept.add(points.get((int) ((long) i * (points.size() - 1) / (most - 1))));
    }
    return kept;
  }

  private static void label(Markup html, String x, String y, String text, String anchor) {
    html.element("text", text, "class", "tick", "x", x, "y", y, "text-anchor", anchor);
  }
}
