package dev.palimpsest.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Short words beside the stops of a picture. A word that finds no free place beside its stop is
 * left out: it stands in the stop's title and in the table.
 */
final class StopLabels {
  /** Room for a letter, as wide and high as on a narrow screen. */
  private static final double WIDTH = 9;

  private static final double HEIGHT = 15;
  private static final double GAP = 2;

  private final Markup svg;
  private final List<Box> taken = new ArrayList<>();

  private record Box(double left, double top, double right, double bottom) {
    boolean meets(Box other) {
      return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }
  }

  StopLabels(Markup svg) {
    this.svg = svg;
  }

  /** Keeps words off a circle. */
  void avoid(double x, double y, double radius) {
    taken.add(new Box(x - radius, y - radius, x + radius, y + radius));
  }

  /** Writes the word to the right of a circle, or to the left, above or below. */
  void put(String word, double x, double y, double radius) {
    double wide = WIDTH * word.length();
    double half = HEIGHT / 2;
    double gap = radius + GAP;
    List<Box> places =
        List.of(
            new Box(x + gap, y - half, x + gap + wide, y + half),
            new Box(x - gap - wide, y - half, x - gap, y + half),
            new Box(x - wide / 2, y - gap - HEIGHT, x + wide / 2, y - gap),
            new Box(x - wide / 2, y + gap, x + wide / 2, y + gap + HEIGHT));
    for (int i = 0; i < places.size(); i++) {
      Box place = places.get(i);
      if (taken.stream().noneMatch(place::meets)) {
        taken.add(place);
        String anchor = i == 0 ? "start" : i == 1 ? "end" : "middle";
        double at = i == 0 ? place.left : i == 1 ? place.right : x;
        svg.element(
            "text",
            word,
            "class",
            "stop-label",
            "x",
            Numbers.at(at),
            "y",
            Numbers.at(place.bottom - 3),
            "text-anchor",
            anchor);
        return;
      }
    }
  }
}
