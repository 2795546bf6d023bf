package dev.palimpsest.measure;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How items hang together by the documents that they come from: what is asked about one document is
 * lost or won together, so the items are fewer observations than they look.
 *
 * @param documents how many
 * @param designEffect the clustered variance of the mean change over the variance that independent
 *     items would have (Kish's design effect; Rao and Scott, Biometrics 48, 1992, 577-585), at
 *     least 1: an estimate below it is chance
 * @param completeEffect what it would be if the items of a document always changed together, and at
 *     least the estimate
 */
public record Clusters(int documents, double designEffect, double completeEffect) {
  /**
   * Estimates it.
   *
   * @param change of each item: −1, 0 or 1
   * @param documents of the same items
   */
  static Clusters of(double[] change, List<String> documents) {
    double[] ones = new double[change.length];
    Arrays.fill(ones, 1);
    double[] sums = sums(change, documents);
    double[] sizes = sums(ones, documents);
    double clustered = Ratio.of(sums, sizes).standardError();
    double independent = Ratio.of(change, ones).standardError();
    double squares = Arrays.stream(sizes).map(size -> size * size).sum();
    double complete = squares / change.length;
    double ratio = clustered / independent;
    if (!Double.isFinite(ratio)) { // nothing changed, or there is one document
      return new Clusters(sizes.length, complete, complete);
    }
    double effect = Math.max(1, ratio * ratio);
    return new Clusters(sizes.length, effect, Math.max(effect, complete));
  }

  /** Adds values up by document, in the order in which the documents first stand. */
  static double[] sums(double[] values, List<String> documents) {
    Map<String, Integer> places = new HashMap<>();
    int[] place = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      place[i] = places.computeIfAbsent(documents.get(i), _ -> places.size());
    }
    double[] sums = new double[places.size()];
    for (int i = 0; i < values.length; i++) {
      sums[place[i]] += values[i];
    }
    return sums;
  }
}
