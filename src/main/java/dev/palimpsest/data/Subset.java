package dev.palimpsest.data;

import java.util.Arrays;
import java.util.List;

/** Some items of a source. */
public final class Subset implements Source {
  private final Source all;
  private final int[] indices;

  private Subset(Source all, int[] indices) {
    this.all = all;
    this.indices = indices;
  }

  /** A source cut in two at random; the same seed cuts alike. */
  public record Halves(Source train, Source heldOut) {}

  /**
   * Holds out a share of the items, at least one.
   *
   * @param share above 0 and below 1
   */
  public static Halves split(Source all, double share, long seed) {
    int[] order = new Order(seed, all.size()).batch(0, all.size());
    int held = Math.clamp(Math.round(share * all.size()), 1, Math.max(1, all.size() - 1));
    return new Halves(
        new Subset(all, Arrays.copyOfRange(order, held, order.length)),
        new Subset(all, Arrays.copyOf(order, held)));
  }

  @Override
  public int size() {
    return indices.length;
  }

  @Override
  public List<Example> at(int index, int epoch) {
    return all.at(indices[index], epoch);
  }
}
