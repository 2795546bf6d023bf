package dev.palimpsest.report;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A small curve beside the numbers that it is made of. */
final class Sparkline {
  private static final double WIDTH = 110;
  private static final double HEIGHT = 22;
  private static final double EDGE = 3;

  private Sparkline() {}

  /**
   * Draws it, hidden from who has it read out.
   *
   * @param most at the upper edge; 0 is at the lower one
   */
  static Markup of(List<Double> values, double most) {
    Axis y = new Axis(0, Math.max(most, 1e-9), 1, HEIGHT - EDGE, EDGE);
    Axis x = new Axis(0, Math.max(1, values.size() - 1), 1, EDGE, WIDTH - EDGE);
    String points =
        IntStream.range(0, values.size())
            .mapToObj(i -> x.text(i) + "," + y.text(values.get(i)))
            .collect(Collectors.joining(" "));
    Markup svg = new Markup();
    String box = "0 0 " + Numbers.at(WIDTH) + " " + Numbers.at(HEIGHT);
    svg.open("svg", "viewBox", box, "class", "spark", "aria-hidden", "true");
    svg.element("polyline", "", "class", "curve", "points", points);
    svg.element(
        "circle",
        "",
        "cx",
        x.text(values.size() - 1.0),
        "cy",
        y.text(values.getLast()),
        "r",
        Numbers.at(EDGE));
    return svg.close();
  }
}
