package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A decoder with an adapter over it, or none.
 *
 * @param factors by module name; empty for the base
 */
public record AdaptedDecoder(Decoder decoder, Map<String, Factors> factors) {
  /** Copies the map. */
  public AdaptedDecoder {
    factors = Map.copyOf(factors);
  }

  /** The decoder as it is. */
  public static AdaptedDecoder base(Decoder decoder) {
    return new AdaptedDecoder(decoder, Map.of());
  }

  /** The adapter's scale multiplied: 0 is the base, 1 the adapter as it is. */
  public AdaptedDecoder scaled(double factor) {
    return new AdaptedDecoder(
        decoder,
        factors.entrySet().stream()
            .collect(
                Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().scaled(factor))));
  }

  /** The last layer's normalised output, (rows, width), F32. */
  public Tensor hidden(Ragged sequences) {
    return decoder.hidden(sequences, factors);
  }

  /** The last layer's normalised output, (rows, width), F32, with attention of the caller's. */
  public Tensor hidden(int[] ids, int[] positions, Attention attention) {
    return decoder.hidden(ids, positions, attention, factors);
  }

  /** Logits of chosen rows, (rows, vocabulary), F32. */
  public Tensor logits(Tensor hidden) {
    return decoder.logits(hidden);
  }

  public ModelConfig config() {
    return decoder.config();
  }
}
