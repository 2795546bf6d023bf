package dev.palimpsest.compare;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What a way of training loses for a given gain: its runs as points of gain and loss, those that
 * another one beats left out, with straight lines between the rest and the base, which gains and
 * loses nothing.
 */
final class MatchedGain {
  private final List<Point> front = new ArrayList<>();

  /** A run. */
  record Point(double gain, double loss) {}

  MatchedGain(List<Point> runs) {
    List<Point> rest = new ArrayList<>(runs);
    rest.add(new Point(0, 0));
    rest.sort(Comparator.comparingDouble(Point::gain).reversed().thenComparingDouble(Point::loss));
    for (Point point : rest) { // from the most gain down, each must lose less than all before
      if (point.gain >= 0 && (front.isEmpty() || point.loss < front.getFirst().loss)) {
        front.addFirst(point);
      }
    }
  }

  /** The most that was gained. */
  double most() {
    return front.getLast().gain;
  }

  /** The loss at a gain; empty beyond the most. */
  OptionalDouble lossAt(double gain) {
    for (int i = 0; i < front.size(); i++) {
      Point next = front.get(i);
      if (next.gain == gain) {
        return OptionalDouble.of(next.loss);
      }
      if (next.gain > gain && i > 0) {
        Point last = front.get(i - 1);
        double share = (gain - last.gain) / (next.gain - last.gain);
        return OptionalDouble.of(last.loss + share * (next.loss - last.loss));
      }
    }
    return OptionalDouble.empty();
  }
}
