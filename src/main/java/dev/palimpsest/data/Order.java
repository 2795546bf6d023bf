package dev.palimpsest.data;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
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
  private final Map<Integer, int[]> held;

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
    this.held =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<Integer, int[]> eldest) {
            return size() > epochs;
          }
        };
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
    return order;
  }
}
