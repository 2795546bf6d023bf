package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** A decoder with an adapter over it, or virtual tokens before it, or none. */
public final class AdaptedDecoder {
  private final Decoder decoder;
  private final Map<String, Factors> factors;
  private final Adaptation adaptation;
  private final Optional<VirtualTokens> virtual;
  private final Supplier<Past> past;

  /**
   * A decoder with these factors.
   *
   * @param factors by module name; empty for the base
   */
  public AdaptedDecoder(Decoder decoder, Map<String, Factors> factors) {
    this(decoder, Map.copyOf(factors), Adaptation.separate(factors), Optional.empty(), Past::none);
  }

  /** A decoder with virtual tokens before every sequence. */
  public AdaptedDecoder(Decoder decoder, VirtualTokens tokens) {
    this(
        decoder,
        Map.of(),
        Adaptation.separate(Map.of()),
        Optional.of(tokens),
        () -> tokens.past(decoder));
  }

  private AdaptedDecoder(
      Decoder decoder,
      Map<String, Factors> factors,
      Adaptation adaptation,
      Optional<VirtualTokens> virtual,
      Supplier<Past> past) {
    this.decoder = decoder;
    this.factors = factors;
    this.adaptation = adaptation;
    this.virtual = virtual;
    this.past = past;
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

  /**
   * The adapter's scale multiplied: 0 is the base, 1 the adapter as it is.
   *
   * @throws BadInput if virtual tokens are to be scaled: what they do is not linear in them
   */
  public AdaptedDecoder scaled(double factor) {
    if (virtual.isPresent()) {
      if (factor != 1) {
        throw new BadInput(
            "scale "
                + factor
                + ": virtual tokens have no scale but 1; leave them out for the base");
      }
      return this;
    }
    return new AdaptedDecoder(
        decoder,
        factors.entrySet().stream()
            .collect(
                Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().scaled(factor))));
  }

  /**
   * The same for many passes without gradients: the factors and virtual tokens as they are now,
   * prepared once, in the scope that is open.
   */
  public AdaptedDecoder prepared() {
    Past now = Native.withoutGradients(past);
    return new AdaptedDecoder(
        decoder,
        factors,
        Adaptation.joined(decoder.weights().projections(), factors),
        virtual,
        () -> now);
  }

  /** What every sequence sees before its first token, in the scope that is open. */
  public Past past() {
    return past.get();
  }

  /** Attention of sequences to themselves, and to what comes before all of them. */
  public Attention attention(Ragged sequences) {
    return past().attention(sequences, config());
  }

  /**
   * Whether the bits of a row's output hang on what it sees alone, not on the other rows. Sequences
   * after virtual tokens share operations of attention.
   */
  public boolean rowsStandAlone() {
    return virtual.isEmpty() && decoder.weights().packed();
  }

  /** The last layer's normalised output, (rows, width), F32. */
  public Tensor hidden(Ragged sequences) {
    return hidden(sequences.ids(), sequences.positions(), attention(sequences));
  }

  /**
   * The last layer's normalised output, (rows, width), F32, with attention of the caller's.
   *
   * @param positions of each row in its sequence, virtual tokens not counted
   */
  public Tensor hidden(int[] ids, int[] positions, Attention attention) {
    int before = virtualTokens();
    int[] places =
        before == 0 ? positions : Arrays.stream(positions).map(p -> p + before).toArray();
    return decoder.hidden(ids, places, attention, adaptation);
  }

  /** How many virtual tokens come before every sequence. */
  public int virtualTokens() {
    return virtual.map(VirtualTokens::count).orElse(0);
  }

  /** Longest sequence, in tokens: the model's context less the virtual tokens. */
  public int context() {
    return config().context() - virtualTokens();
  }

  /** Logits of chosen rows, (rows, vocabulary), F32. */
  public Tensor logits(Tensor hidden) {
    return decoder.logits(hidden);
  }

  public ModelConfig config() {
    return decoder.config();
  }
}
