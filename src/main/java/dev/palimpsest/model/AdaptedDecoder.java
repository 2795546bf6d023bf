package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** A decoder with an adapter over it, or virtual tokens before it, or none. */
public final class AdaptedDecoder {
  private final Decoder decoder;
  private final Map<String, Factors> factors;
  private final EndWeights own;
  private final Ends ends;
  private final Adaptation adaptation;
  private final Optional<VirtualTokens> virtual;
  private final Supplier<Past> past;

  /**
   * A decoder with these factors.
   *
   * @param factors by module name; empty for the base
   */
  public AdaptedDecoder(Decoder decoder, Map<String, Factors> factors) {
    this(decoder, factors, EndWeights.NONE);
  }

  /** The same with weights of embedding and head in the place of the decoder's. */
  public AdaptedDecoder(Decoder decoder, Map<String, Factors> factors, EndWeights own) {
    this(
        Ends.of(decoder, own, factors),
        Map.copyOf(factors),
        own,
        Adaptation.separate(factors),
        Optional.empty(),
        Past::none);
  }

  /** A decoder with virtual tokens before every sequence. */
  public AdaptedDecoder(Decoder decoder, VirtualTokens tokens) {
    this(
        Ends.of(decoder, EndWeights.NONE, Map.of()),
        Map.of(),
        EndWeights.NONE,
        Adaptation.separate(Map.of()),
        Optional.of(tokens),
        () -> tokens.past(decoder));
  }

  private AdaptedDecoder(
      Ends ends,
      Map<String, Factors> factors,
      EndWeights own,
      Adaptation adaptation,
      Optional<VirtualTokens> virtual,
      Supplier<Past> past) {
    this.decoder = ends.decoder();
    this.ends = ends;
    this.factors = factors;
    this.own = own;
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
   * @throws BadInput if virtual tokens are to be scaled: what they do is not linear in them; or if
   *     weights are that stand in the place of the base's
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
    if (factor != 1 && !own.isEmpty()) {
      throw new BadInput(
          "scale "
              + factor
              + ": the adapter has weights of its own for "
              + String.join(" and ", own.modules())
              + ", which have no scale but 1");
    }
    return new AdaptedDecoder(
        decoder,
        factors.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().scaled(factor))),
        own);
  }

  /**
   * The same for many passes without gradients: the factors and virtual tokens as they are now,
   * prepared once, in the scope that is open.
   */
  public AdaptedDecoder prepared() {
    Past now = Native.withoutGradients(past);
    Ends laidOut = ends.prepared();
    List<Projection> projections = new ArrayList<>(decoder.weights().projections());
    projections.add(laidOut.head());
    return new AdaptedDecoder(
        laidOut, factors, own, Adaptation.joined(projections, factors), virtual, () -> now);
  }

  /** Steps of decoding, of a decoder that is {@linkplain #prepared}. */
  public StepDecoder steps() {
    return new StepDecoder(ends, adaptation, virtualTokens());
  }

  /** What every sequence sees before its first token, in the scope that is open. */
  public Past past() {
    return past.get();
  }

  /** Attention of sequences to themselves, and to what comes before all of them. */
  public Attention attention(Ragged sequences) {
    return past().attention(sequences, decoder);
  }

  /**
   * Passes of 1, 2, 4, … and at most so many rows give each row bits that hang on what it sees
   * alone, not on the other rows; all passes, where it is {@link Integer#MAX_VALUE}. 1 is no
   * promise: sequences after virtual tokens share operations of attention.
   */
  public int rowsThatStandAlone() {
    return virtual.isPresent()
        ? 1
        : Math.min(
            Math.min(decoder.weights().rowsThatStandAlone(), ends.rowsThatStandAlone()),
            adaptation.rowsThatStandAlone());
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
    return decoder.hidden(ends.embed(ids), places, attention, adaptation);
  }

  /** Whether the logits are others than the decoder's own of the same hidden rows. */
  boolean changesHead() {
    return factors.containsKey(ModelTensors.HEAD_MODULE)
        || own.modules().contains(ModelTensors.HEAD_MODULE);
  }

  /** How many virtual tokens come before every sequence. */
  public int virtualTokens() {
    return virtual.map(VirtualTokens::count).orElse(0);
  }

  /** Longest sequence, in tokens: the model's context less the virtual tokens. */
  public int context() {
    return config().context() - virtualTokens();
  }

  /** Logits of chosen rows, (rows, vocabulary), F32 or in the type of the products. */
  public Tensor logits(Tensor hidden) {
    return ends.logits(hidden, adaptation);
  }

  public ModelConfig config() {
    return decoder.config();
  }
}
