package dev.palimpsest;

import java.util.List;

/** How answers are drawn. A value: each method returns another one. */
public final class Decoding {
  private final dev.palimpsest.generate.Decoding settings;

  private Decoding(dev.palimpsest.generate.Decoding settings) {
    this.settings = settings;
  }

  /**
   * The most likely token each time, at most 256 of them.
   *
   * @return the settings
   */
  public static Decoding greedy() {
    return new Decoding(
        dev.palimpsest.generate.Decoding.greedy(dev.palimpsest.generate.Decoding.MAX_TOKENS));
  }

  /**
   * Draws from the model's distribution, at most 256 tokens.
   *
   * @param temperature that log-probabilities are divided by; above 0
   * @param seed of the draws; each prompt has a stream of its own
   * @return the settings
   */
  public static Decoding sample(double temperature, long seed) {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException(
          "temperature " + temperature + ": give more than 0, or take greedy()");
    }
    return new Decoding(
        new dev.palimpsest.generate.Decoding(
            dev.palimpsest.generate.Decoding.MAX_TOKENS, temperature, 0, 1, seed, List.of()));
  }

  /**
   * Limits the answers.
   *
   * @param count of an answer's tokens at most, 1 or more
   * @return these settings with it
   */
  public Decoding maxTokens(int count) {
    return new Decoding(
        new dev.palimpsest.generate.Decoding(
            count,
            settings.temperature(),
            settings.topK(),
            settings.topP(),
            settings.seed(),
            settings.stop()));
  }

  /**
   * Draws among the most likely tokens only.
   *
   * @param count of the tokens; 0 for all
   * @return these settings with it
   */
  public Decoding topK(int count) {
    return new Decoding(
        new dev.palimpsest.generate.Decoding(
            settings.maxTokens(),
            settings.temperature(),
            count,
            settings.topP(),
            settings.seed(),
            settings.stop()));
  }

  /**
   * Draws among the most likely tokens that together reach a probability.
   *
   * @param probability above 0; 1 for all tokens
   * @return these settings with it
   */
  public Decoding topP(double probability) {
    return new Decoding(
        new dev.palimpsest.generate.Decoding(
            settings.maxTokens(),
            settings.temperature(),
            settings.topK(),
            probability,
            settings.seed(),
            settings.stop()));
  }

  /**
   * Ends answers at texts, too, which are cut from them.
   *
   * @param texts in the place of those before
   * @return these settings with them
   */
  public Decoding stop(String... texts) {
    return new Decoding(
        new dev.palimpsest.generate.Decoding(
            settings.maxTokens(),
            settings.temperature(),
            settings.topK(),
            settings.topP(),
            settings.seed(),
            List.of(texts)));
  }

  dev.palimpsest.generate.Decoding settings() {
    return settings;
  }
}
