package dev.palimpsest.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A linear scale from values to coordinates, its ends at round numbers.
 *
 * @param low value at {@code from}
 * @param high value at {@code to}; above {@code low}
 * @param step between ticks
 * @param from coordinate
 * @param to coordinate; below {@code from} for an axis that points up
 */
record Axis(double low, double high, double step, double from, double to) {
  private static final int TICKS = 5;

  /** Covers all values. */
  static Axis covering(List<Double> values, double from, double to) {
    double least = values.stream().mapToDouble(Double::doubleValue).min().orElse(0);
    double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(1);
    if (most - least < 1e-9) {
      most = least + 1;
    }
    double step = step((most - least) / TICKS);
    return new Axis(Math.floor(least / step) * step, Math.ceil(most / step) * step, step, from, to);
  }

  private static double step(double least) {
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    for (double digit : new double[] {1, 2, 5}) {
      if (digit * power >= least * 0.999) {
        return digit * power;
      }
    }
    return 10 * power;
  }

  double at(double value) {
    return from + (value - low) / (high - low) * (to - from);
  }

  String text(double value) {
    return Numbers.at(at(value));
  }

  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    for (long i = Math.round(low / step); i <= Math.round(high / step); i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  /** As many digits as tell ticks apart. */
  String label(double tick) {
    int digits = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return Numbers.fixed(tick, Math.min(6, digits));
  }
}
