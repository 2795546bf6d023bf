package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * The shuffled order in which items are taken, as a function of the step alone, so that a resumed
 * run needs no state. Every epoch takes each item once in an order of its own; its last step may be
 * smaller. Not safe for several threads at once.
 */
public final class Order {
  private static final RandomGeneratorFactory<RandomGenerator> GENERATORS =
      RandomGeneratorFactory.of("L64X128MixRandom");

  private final long seed;
  private final int size;
  private final int epochs;
  private final LinkedHashMap<Integer, int[]> held = new LinkedHashMap<>(16, 0.75f, true);

  public Order(long seed, int size) {
    this(seed, size, 1);
  }

  /**
   * An order whose steps are not asked for one after another.
   *
   * @param epochs between which they go to and fro; so many permutations are held
   */
  Order(long seed, int size, int epochs) {
    if (size < 1) {
      throw new IllegalArgumentException("an order of " + size + " items");
    }
    this.seed = seed;
    this.size = size;
    this.epochs = epochs;
  }

  /** How many steps an epoch has. */
  public int stepsPerEpoch(int batchSize) {
    return Math.ceilDiv(size, batchSize);
  }

  /** The epoch from 0 that a step from 0 belongs to. */
  public int epoch(long step, int batchSize) {
    return Math.toIntExact(step / stepsPerEpoch(batchSize));
  }

  /** The items of a step from 0. */
  public int[] batch(long step, int batchSize) {
    int from = Math.toIntExact(step % stepsPerEpoch(batchSize)) * batchSize;
    int[] order = permutation(epoch(step, batchSize));
    return Arrays.copyOfRange(order, from, Math.min(size, from + batchSize));
  }

  /** The examples of a step from 0. */
  public List<Example> examples(Source data, long step, int batchSize) {
    List<Example> examples = new ArrayList<>();
    int epoch = epoch(step, batchSize);
    for (int index : batch(step, batchSize)) {
      examples.addAll(data.at(index, epoch));
    }
    return examples;
  }

  private int[] permutation(int epoch) {
    int[] known = held.get(epoch);
    if (known != null) {
      return known;
    }
    RandomGenerator random = GENERATORS.create(Hashes.mix(seed ^ Hashes.mix(epoch)));
    int[] order = new int[size];
    for (int i = 1; i < size; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    held.put(epoch, order);
    if (held.size() > epochs) {
      held.pollFirstEntry(); // the one not asked for longest
    }
    return order;
  }
}
