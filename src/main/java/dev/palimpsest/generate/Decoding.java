package dev.palimpsest.generate;

import java.util.List;

/**
 * How answers are drawn.
 *
 * @param maxTokens at most so many
 * @param temperature 0 takes the most likely token
 * @param topK only the k most likely tokens; 0 for all
 * @param topP only the most likely tokens that together reach this probability; 1 for all
 * @param seed of the draws; each prompt has a stream of its own
 * @param stop texts that end an answer, and are cut from it
 */
public record Decoding(
    int maxTokens, double temperature, int topK, double topP, long seed, List<String> stop) {
  /** Tokens of an answer at most, if nothing is said. */
  public static final int MAX_TOKENS = 256;

  /** Checks the ranges. */
  public Decoding {
    stop = List.copyOf(stop);
    if (maxTokens < 1 || temperature < 0 || topK < 0 || topP <= 0 || topP > 1) {
      throw new IllegalArgumentException(
          "max tokens "
              + maxTokens
              + ", temperature "
              + temperature
              + ", top-k "
              + topK
              + ", top-p "
              + topP
              + ": need at least 1, at least 0, at least 0, and above 0 to 1");
    }
  }

  /** The most likely token each time. */
  public static Decoding greedy(int maxTokens) {
    return new Decoding(maxTokens, 0, 0, 1, 0, List.of());
  }

  /** Draws from the model's own distribution. */
  public static Decoding sample(int maxTokens, long seed) {
    return new Decoding(maxTokens, 1, 0, 1, seed, List.of());
  }
}
