package dev.palimpsest.measure;

import java.util.List;
import java.util.Optional;

/**
 * The perplexity of a probe's texts, by token: 2 to the bits of all texts over their scored tokens.
 * Bits a byte is the figure to compare models by; this one hangs on the tokenizer.
 */
public record Perplexity(double before, double after) {
  /** Empty unless the observations are of texts. */
  static Optional<Perplexity> of(List<Observation> before, List<Observation> after) {
    return before.getFirst() instanceof Observation.Coded
        ? Optional.of(new Perplexity(of(before), of(after)))
        : Optional.empty();
  }

  private static double of(List<Observation> seen) {
    double bits = 0;
    long tokens = 0;
    for (Observation each : seen) {
      Observation.Coded text = (Observation.Coded) each;
      bits += text.bits();
      tokens += text.tokens();
    }
    return Math.pow(2, bits / tokens);
  }
}
