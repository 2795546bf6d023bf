package dev.palimpsest.inspect;

import dev.palimpsest.run.Seeds;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * What a direction that has nothing to do with the base would score: the largest |cosine| of a
 * random unit vector with an orthonormal set. Simulated: by symmetry the set may be the first axes.
 *
 * @param mean over the draws
 * @param high that 99 of 100 draws stay below
 */
record NullCosine(double mean, double high) {
  private static final int DRAWS = 1000;

  /**
   * The null of a shape; the same each time.
   *
   * @param width of the space
   * @param vectors of the set
   */
  static NullCosine of(int width, int vectors) {
    RandomGenerator draws = new Seeds(0).generator("null cosine " + width, vectors);
    double[] largest = new double[DRAWS];
    for (int i = 0; i < DRAWS; i++) {
      double square = 0;
      for (int j = 0; j < width; j++) {
        double value = draws.nextGaussian();
        square += value * value;
        largest[i] = j < vectors ? Math.max(largest[i], Math.abs(value)) : largest[i];
      }
      largest[i] /= Math.sqrt(square);
    }
    Arrays.sort(largest);
    return new NullCosine(
        Arrays.stream(largest).average().orElseThrow(), largest[DRAWS * 99 / 100]);
  }
}
