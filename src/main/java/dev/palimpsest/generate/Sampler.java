package dev.palimpsest.generate;

import dev.palimpsest.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** Chooses a token from the logits of one position. */
@FunctionalInterface
interface Sampler {
  /**
   * A token.
   *
   * @param logits (1, vocabulary), F32
   * @param top the most likely token; the lowest id where several are equal
   */
  int choose(Tensor logits, int top);

  /** The most likely token. */
  Sampler GREEDY = (logits, top) -> top;

  /** What the settings ask for. */
  static Sampler of(Decoding decoding, RandomGenerator random) {
    return decoding.temperature() == 0 ? GREEDY : new Categorical(decoding, random);
  }

  /** Draws from softmax(logits / temperature), cut to top-k, then to top-p. */
  record Categorical(Decoding decoding, RandomGenerator random) implements Sampler {
    @Override
    public int choose(Tensor logits, int top) {
      double[] weights = weights(logits.floats());
      boolean whole = decoding.topK() == 0 && decoding.topP() == 1;
      int[] order = whole ? null : kept(weights);
      int count = order == null ? weights.length : order.length;
      double total = 0;
      for (int i = 0; i < count; i++) {
        total += weights[order == null ? i : order[i]];
      }
      double left = random.nextDouble() * total;
      for (int i = 0; i < count; i++) {
        int token = order == null ? i : order[i];
        left -= weights[token];
        if (left < 0) {
          return token;
        }
      }
      return top; // the draw fell into the rounding of the sum
    }

    private double[] weights(float[] logits) {
      float largest = Float.NEGATIVE_INFINITY;
      for (float logit : logits) {
        largest = Math.max(largest, logit);
      }
      double[] weights = new double[logits.length];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = Math.exp((logits[i] - largest) / decoding.temperature());
      }
      return weights;
    }

    private int[] kept(double[] weights) {
      int[] order =
          IntStream.range(0, weights.length)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> -weights[i]))
              .mapToInt(Integer::intValue)
              .toArray();
      int limit = decoding.topK() == 0 ? order.length : Math.min(decoding.topK(), order.length);
      double total = 0;
      for (int i = 0; i < limit; i++) {
        total += weights[order[i]];
      }
      double sum = 0;
      for (int i = 0; i < limit; i++) {
        sum += weights[order[i]];
        if (sum >= decoding.topP() * total) {
          return Arrays.copyOf(order, i + 1);
        }
      }
      return Arrays.copyOf(order, limit);
    }
  }
}
