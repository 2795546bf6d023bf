package dev.palimpsest;

import dev.palimpsest.generate.ScoreReport;
import java.util.List;

/**
 * Log-likelihoods of a file's rows.
 *
 * @param rows one for each, in order
 * @param nllPerToken negative log-likelihood in nats, over all scored tokens
 * @param bitsPerByte the same over the scored tokens' bytes, in bits
 */
public record Scores(List<Row> rows, double nllPerToken, double bitsPerByte) {
  /**
   * One row.
   *
   * @param id the row's own, or its number from 1
   * @param logprob nats, summed over the scored tokens
   * @param tokens scored: a completion's with its end of turn, or a text's but the first
   * @param bytes of the scored tokens' text
   * @param greedy whether each token was the most likely one
   */
  public record Row(String id, double logprob, int tokens, int bytes, boolean greedy) {}

  /** Copies the list. */
  public Scores {
    rows = List.copyOf(rows);
  }

  static Scores of(ScoreReport report) {
    return new Scores(
        report.items().stream()
            .map(i -> new Row(i.id(), i.logprob(), i.tokens(), i.bytes(), i.greedy()))
            .toList(),
        report.nllPerToken(),
        report.bitsPerByte());
  }
}
