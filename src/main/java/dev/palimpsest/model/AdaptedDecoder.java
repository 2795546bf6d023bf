package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import java.util.Map;
import java.util.stream.Collectors;

/** A decoder with an adapter over it, or none. */
public final class AdaptedDecoder {
  private final Decoder decoder;
  private final Map<String, Factors> factors;
  private final Adaptation adaptation;

  /**
   * A decoder with these factors.
   *
   * @param factors by module name; empty for the base
   */
  public AdaptedDecoder(Decoder decoder, Map<String, Factors> factors) {
    this(decoder, Map.copyOf(factors), Adaptation.separate(factors));
  }

  private AdaptedDecoder(Decoder decoder, Map<String, Factors> factors, Adaptation adaptation) {
    this.decoder = decoder;
    this.factors = factors;
    this.adaptation = adaptation;
  }

  /** The decoder as it is. */
  public static AdaptedDecoder base(Decoder decoder) {
    return new AdaptedDecoder(decoder, Map.of());
  }

  public Decoder decoder() {
    return decoder;
  }

  public Map<String, Factors> factors() {
    return factors;
  }

  /** The adapter's scale multiplied: 0 is the base, 1 the adapter as it is. */
  public AdaptedDecoder scaled(double factor) {
    return new AdaptedDecoder(
        decoder,
        factors.entrySet().stream()
            .collect(
                Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().scaled(factor))));
  }

  /**
   * The same for many passes without gradients: the factors as they are now, prepared once, in the
   * scope that is open.
   */
  public AdaptedDecoder prepared() {
    return new AdaptedDecoder(
        decoder, factors, Adaptation.joined(decoder.weights().projections(), factors));
  }

  /** Whether the bits of a row's output hang on what it sees alone, not on the other rows. */
  public boolean rowsStandAlone() {
    return decoder.weights().packed();
  }

  /** The last layer's normalised output, (rows, width), F32. */
  public Tensor hidden(Ragged sequences) {
    return hidden(sequences.ids(), sequences.positions(), sequences.attention(config()));
  }

  /** The last layer's normalised output, (rows, width), F32, with attention of the caller's. */
  public Tensor hidden(int[] ids, int[] positions, Attention attention) {
    return decoder.hidden(ids, positions, attention, adaptation);
  }

  /** Logits of chosen rows, (rows, vocabulary), F32. */
  public Tensor logits(Tensor hidden) {
    return decoder.logits(hidden);
  }

  public ModelConfig config() {
    return decoder.config();
  }
}
