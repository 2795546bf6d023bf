package dev.palimpsest.measure;

import dev.palimpsest.run.Seeds;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * A sum of means over several probes, whose items are drawn anew, with replacement and probe by
 * probe; documents are drawn where several items are about one (Efron and Tibshirani, An
 * Introduction to the Bootstrap, 1993, chapter 13: percentiles).
 */
public final class Bootstrap {
  /** Draws; the percentiles are then sure to about 2 % of their distance. */
  public static final int DRAWS = 10_000;

  private Bootstrap() {}

  /**
   * What one probe's items add: the mean of their values.
   *
   * @param values of the items, in their order
   * @param documents that the items are about, each its own where they are independent
   */
  public record Part(List<Double> values, List<String> documents) {
    /** Copies, and checks that there is a document for each value. */
    public Part {
      values = List.copyOf(values);
      documents = List.copyOf(documents);
      if (values.isEmpty() || values.size() != documents.size()) {
        throw new IllegalArgumentException(
            values.size() + " values, " + documents.size() + " documents");
      }
    }

    private Units units() {
      double[] all = values.stream().mapToDouble(value -> value).toArray();
      double[] ones = new double[all.length];
      Arrays.fill(ones, 1);
      return new Units(Clusters.sums(all, documents), Clusters.sums(ones, documents));
    }

    double mean() {
      return values.stream().mapToDouble(value -> value).average().orElseThrow();
    }
  }

  /** What is drawn. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Units(double[] sums, double[] sizes) {
    double draw(RandomGenerator random) {
      double sum = 0;
      double size = 0;
      for (int i = 0; i < sums.length; i++) {
        int one = random.nextInt(sums.length);
        sum += sums[one];
        size += sizes[one];
      }
      return sum / size;
    }
  }

  /** The sum of the parts' means. */
  public static double value(List<Part> parts) {
    return parts.stream().mapToDouble(Part::mean).sum();
  }

  /** The 95 % interval of {@link #value}. */
  public static Interval interval(List<Part> parts, Seeds seeds) {
    RandomGenerator random = seeds.generator("bootstrap");
    List<Units> units = parts.stream().map(Part::units).toList();
    double[] drawn =
        IntStream.range(0, DRAWS)
            .mapToDouble(_ -> units.stream().mapToDouble(each -> each.draw(random)).sum())
            .sorted()
            .toArray();
    return new Interval(
        percentile(drawn, 0.025), percentile(drawn, 0.975), Interval.Method.BOOTSTRAP);
  }

  /** Between two draws it is on the line between them, as in NumPy. */
  private static double percentile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
