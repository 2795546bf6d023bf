package dev.palimpsest.measure;

import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * How far the distribution after lies from the base's, along texts.
 *
 * @param on what the texts are, such as {@code base-written text}
 * @param klNatsPerToken KL(base‖after), exact at each position, summed and divided by positions
 * @param bits the texts' bits a byte under both, of those that have bytes; empty if none has
 * @param topAgreement share of positions at which both find the same token the likeliest
 * @param tokens positions in all
 * @param texts what was summed along each
 */
public record Divergence(
    String on,
    Ratio klNatsPerToken,
    Optional<Outcome.Bits> bits,
    double topAgreement,
    long tokens,
    List<Text> texts) {
  /** Copies the list. */
  public Divergence {
    texts = List.copyOf(texts);
  }

  /**
   * What was summed along one text.
   *
   * @param klNats KL(base‖after) in nats, over its positions
   * @param tokens positions
   * @param bitsBefore the scored tokens' information content
   * @param bytes of the scored tokens
   * @param topAgreements positions at which both find the same token the likeliest
   */
  public record Text(
      double klNats,
      int tokens,
      double bitsBefore,
      double bitsAfter,
      int bytes,
      int topAgreements) {}

  /** Adds up texts; the texts are the independent units. */
  public static Divergence of(String on, List<Text> texts) {
    long positions = texts.stream().mapToLong(Text::tokens).sum();
    return new Divergence(
        on,
        Ratio.of(each(texts, Text::klNats), each(texts, Text::tokens)),
        bits(texts.stream().filter(text -> text.bytes() > 0).toList()),
        texts.stream().mapToLong(Text::topAgreements).sum() / (double) positions,
        positions,
        texts);
  }

  private static Optional<Outcome.Bits> bits(List<Text> texts) {
    double[] bytes = each(texts, Text::bytes);
    return texts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Outcome.Bits.of(
                each(texts, Text::bitsBefore), bytes, each(texts, Text::bitsAfter), bytes));
  }

  private static double[] each(List<Text> texts, ToDoubleFunction<Text> value) {
    return texts.stream().mapToDouble(value).toArray();
  }
}
