package dev.palimpsest.model;

import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.GatedUnit;
import java.util.List;
import java.util.Optional;

/**
 * The shape of a decoder, whatever file it came from.
 *
 * @param vocabulary rows of the embedding
 * @param width of the residual stream
 * @param headWidth of one attention head
 * @param feedForward width inside the feed-forward part, or inside each of a mixture's
 * @param mixture of several feed-forward parts in every layer; empty for one
 * @param context longest sequence, in tokens
 * @param normEpsilon inside every RMS norm
 * @param queryScale factor on query · key: 1/√headWidth, unless the model says otherwise
 * @param window sliding window in tokens of the layers that have one, 0 for none
 * @param layerTypes one per layer: which attention and which RoPE
 * @param rope of layers that see everything
 * @param localRope of sliding layers; the same as {@code rope} except in Gemma 3
 */
public record ModelConfig(
    Architecture architecture,
    int vocabulary,
    int width,
    int layers,
    int heads,
    int keyValueHeads,
    int headWidth,
    int feedForward,
    Optional<Mixture> mixture,
    int context,
    double normEpsilon,
    double queryScale,
    boolean tiedHead,
    boolean queryKeyValueBias,
    boolean outputBias,
    int window,
    List<LayerType> layerTypes,
    Rope rope,
    Rope localRope) {

  /** Which keys a layer's attention sees. */
  public enum LayerType {
    /** All earlier tokens. */
    FULL,
    /** The last {@code window} tokens. */
    SLIDING
  }

  /**
   * Several feed-forward parts, of which each token takes some.
   *
   * @param experts of a layer
   * @param chosen by the router for a token
   */
  public record Mixture(int experts, int chosen) {
    /** Checks the numbers. */
    public Mixture {
      if (chosen < 1 || chosen > experts) {
        throw new IllegalArgumentException(
            chosen + " experts for a token, of " + experts + " in a layer");
      }
    }
  }

  /** How a rotary embedding turns positions into angles. */
  public record Rope(double base, Scaling scaling) {}

  /** Stretching of rotary frequencies to longer contexts. */
  public sealed interface Scaling {
    /** Frequencies as they are. */
    record None() implements Scaling {}

    /** Every frequency divided by {@code factor}. */
    record Linear(double factor) implements Scaling {}

    /** Llama 3: low frequencies divided by {@code factor}, high ones kept, a ramp between. */
    record Llama3(double factor, double lowFactor, double highFactor, int originalContext)
        implements Scaling {}

    /** Each frequency divided by its own factor, as GGUF files store Llama 3's. */
    record Factors(List<Double> factors) implements Scaling {}
  }

  /** Checks that the sizes belong together. */
  public ModelConfig {
    layerTypes = List.copyOf(layerTypes);
    if (layerTypes.size() != layers) {
      throw new IllegalArgumentException(
          layerTypes.size() + " layer types for " + layers + " layers");
    }
    if (heads < 1 || keyValueHeads < 1 || heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          heads + " attention heads cannot share " + keyValueHeads + " key-value heads");
    }
    if (vocabulary < 1 || width < 1 || layers < 1 || headWidth < 2 || headWidth % 2 != 0) {
      throw new IllegalArgumentException(
          "vocabulary "
              + vocabulary
              + ", width "
              + width
              + ", layers "
              + layers
              + ", head width "
              + headWidth
              + ": all must be positive, the last even");
    }
  }

  /** What a feed-forward part has between its products. */
  GatedUnit gatedUnit() {
    return architecture == Architecture.GEMMA3 ? GatedUnit.GEGLU : GatedUnit.SWIGLU;
  }

  /** The same with another rotary embedding in the layers that see everything. */
  ModelConfig withRope(Rope other) {
    return with(vocabulary, 1, mixture, layerTypes, other);
  }

  /**
   * The same with other blocks, and wider.
   *
   * @param blocks the number of this model's block that each one is like
   * @param times how often residual stream, heads and feed-forward part are as wide; a head's own
   *     width stays
   */
  public ModelConfig grown(List<Integer> blocks, int times) {
    return with(vocabulary, times, mixture, blocks.stream().map(layerTypes::get).toList(), rope);
  }

  /** The same with a mixture in the place of each feed-forward part. */
  public ModelConfig mixed(Mixture experts) {
    return with(vocabulary, 1, Optional.of(experts), layerTypes, rope);
  }

  /** The same with another number of rows of the embedding. */
  ModelConfig withVocabulary(int rows) {
    return with(rows, 1, mixture, layerTypes, rope);
  }

  private ModelConfig with(
      int rows, int times, Optional<Mixture> experts, List<LayerType> types, Rope other) {
    return new ModelConfig(
        architecture,
        rows,
        Math.multiplyExact(width, times),
        types.size(),
        Math.multiplyExact(heads, times),
        Math.multiplyExact(keyValueHeads, times),
        headWidth,
        Math.multiplyExact(feedForward, times),
        experts,
        context,
        normEpsilon,
        queryScale,
        tiedHead,
        queryKeyValueBias,
        outputBias,
        window,
        types,
        other,
        localRope.equals(rope) ? other : localRope);
  }

  /** Whether a layer sees a window alone. */
  public boolean slides(int layer) {
    return layerTypes.get(layer) == LayerType.SLIDING;
  }

  /** How many feed-forward parts a token goes through in a layer. */
  public int chosenExperts() {
    return mixture.map(Mixture::chosen).orElse(1);
  }

  /** How many weights it has; tied ones count once. */
  public long parameters() {
    return ModelTensors.shapes(this).values().stream().mapToLong(FlatView::elements).sum();
  }

  /** Whether queries and keys are normalised per head before RoPE. */
  public boolean queryKeyNorm() {
    return architecture == Architecture.QWEN3 || architecture == Architecture.GEMMA3;
  }

  /**
   * Whether the outputs of attention and feed-forward part are normalised before they are added.
   */
  public boolean outputNorms() {
    return architecture == Architecture.GEMMA3;
  }

  /** What embeddings are multiplied with. */
  public double embeddingScale() {
    return architecture == Architecture.GEMMA3 ? (float) Math.sqrt(width) : 1;
  }

  /** Gemma stores its norms' weights less one. */
  public double addedToNorms() {
    return architecture == Architecture.GEMMA3 ? 1 : 0;
  }
}
