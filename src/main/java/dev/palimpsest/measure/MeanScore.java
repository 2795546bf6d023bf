package dev.palimpsest.measure;

import java.util.Arrays;

/**
 * The mean score of a probe whose grader gives one, from 0 to 1.
 *
 * @param change after minus before, and its standard error over the items' differences
 */
public record MeanScore(double before, double after, Ratio change) {
  static MeanScore of(double[] before, double[] after) {
    double[] ones = new double[before.length];
    Arrays.fill(ones, 1);
    return new MeanScore(
        Ratio.value(before, ones),
        Ratio.value(after, ones),
        Ratio.change(before, ones, after, ones));
  }
}
