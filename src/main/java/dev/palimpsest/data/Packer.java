package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.List;

/** Makes the batches of training: what an optimizer step takes, given its number alone. */
public final class Packer {
  /**
   * What one optimizer step takes.
   *
   * @param epoch from 0
   * @param micro micro-batches, to be gone through one after another
   * @param ids the samples, in order
   * @param labels labels of all micro-batches: what their summed loss is divided by
   * @param tokens tokens of all micro-batches
   */
  public record Step(int epoch, List<Pack> micro, List<String> ids, int labels, int tokens) {
    public Step {
      micro = List.copyOf(micro);
      ids = List.copyOf(ids);
    }
  }

  private final Source source;
  private final Order order;
  private final int batch;
  private final int accumulate;

  /**
   * Batches of a source.
   *
   * @param batch items of a micro-batch
   * @param accumulate micro-batches of a step
   */
  public Packer(Source source, long seed, int batch, int accumulate) {
    if (batch < 1 || accumulate < 1) {
      throw new IllegalArgumentException(
          "batches of " + batch + " items, " + accumulate + " a step; each is at least 1");
    }
    this.source = source;
    this.order = new Order(seed, source.size());
    this.batch = batch;
    this.accumulate = accumulate;
  }

  /** How many steps take every item once. */
  public int stepsPerEpoch() {
    return order.stepsPerEpoch(perStep());
  }

  /** What a step from 0 takes. */
  public Step step(long step) {
    int epoch = order.epoch(step, perStep());
    int[] items = order.batch(step, perStep());
    List<Pack> micro = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    int labels = 0;
    int tokens = 0;
    for (int from = 0; from < items.length; from += batch) {
      List<Example> examples = new ArrayList<>();
      for (int i = from; i < Math.min(items.length, from + batch); i++) {
        examples.addAll(source.at(items[i], epoch));
      }
      examples.forEach(example -> ids.add(example.id()));
      Pack pack = Pack.of(examples);
      micro.add(pack);
      labels += pack.labels().length;
      tokens += pack.ids().length;
    }
    return new Step(epoch, micro, ids, labels, tokens);
  }

  private int perStep() {
    return Math.multiplyExact(batch, accumulate);
  }
}
