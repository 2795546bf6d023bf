package dev.palimpsest.model;

import dev.palimpsest.model.DecoderWeights.Layer;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A decoder-only transformer: Llama, Mixtral, Qwen 2 and 3, Gemma 3 differ in their configuration
 * alone. It holds nothing that changes, so threads share it. Follows transformers'
 * modeling_llama.py, modeling_mixtral.py, modeling_qwen2.py, modeling_qwen3.py and
 * modeling_gemma3.py.
 */
public final class Decoder implements AutoCloseable {
  /** Rows of logits to ask for at a time on the CPU: a row is as long as the vocabulary. */
  static final int HEAD_ROWS = 128;

  private static final int HEAD_ROWS_THERE = 512;

  private final ModelConfig config;
  private final Precision precision;
  private final Device device;
  private final DecoderWeights weights;
  private final Rotary rotary;
  private final Rotary localRotary;
  private final Runnable closing;

  private Decoder(ModelConfig config, Precision precision, Device device, DecoderWeights weights) {
    this(config, precision, device, weights, weights::close);
  }

  private Decoder(
      ModelConfig config,
      Precision precision,
      Device device,
      DecoderWeights weights,
      Runnable closing) {
    this.config = config;
    this.precision = precision;
    this.device = device;
    this.weights = weights;
    this.closing = closing;
    this.rotary = new Rotary(config.rope(), config.headWidth());
    this.localRotary = new Rotary(config.localRope(), config.headWidth());
  }

  /**
   * Reads the weights into memory.
   *
   * @throws BadInput if they are a mixture's and are to be quantised
   */
  public static Decoder load(
      ModelConfig config, WeightSource source, Precision precision, Device device) {
    return load(config, source, precision, precision.products(), device);
  }

  /** The same with products in another type than the precision's. */
  static Decoder load(
      ModelConfig config, WeightSource source, Precision precision, DType products, Device device) {
    if (precision.quantised() && config.mixture().isPresent()) {
      throw new BadInput(
          "--dtype "
              + Footprint.word(precision)
              + ": a mixture's experts are not quantised; give --dtype bf16 or fp32");
    }
    DecoderWeights weights =
        DecoderWeights.read(config, source, precision.format(), products, device);
    return new Decoder(config, precision, device, weights);
  }

  public ModelConfig config() {
    return config;
  }

  public Precision precision() {
    return precision;
  }

  /** Rows of logits to ask for at a time. */
  public int headRows() {
    return device == Device.CPU ? HEAD_ROWS : HEAD_ROWS_THERE;
  }

  /** Where its weights lie, and passes are computed. */
  public Device device() {
    return device;
  }

  /**
   * The last layer's normalised output.
   *
   * @param embedded all rows, (rows, width), F32
   * @param positions of each row in its sequence
   * @param attention which rows and cached keys each row sees
   * @return (rows, width), F32
   */
  Tensor hidden(Tensor embedded, int[] positions, Attention attention, Adaptation adapter) {
    IntFunction<Angles> angles = anglesByLayer(positions);
    Tensor x = embedded;
    for (int i = 0; i < config.layers(); i++) {
      try (Scope scope = Scope.open()) { // a pass holds one layer at a time
        x = scope.keep(block(i, x, angles.apply(i), attention, adapter));
      }
    }
    return Functional.rmsNorm(x, weights.finalNorm(), config.normEpsilon());
  }

  /**
   * Keys and values of one sequence's rows in every layer, in the scope that is open.
   *
   * @param embeddings (rows, width), F32, as {@link #embed} gives them
   */
  Past past(Tensor embeddings) {
    Ragged rows = Ragged.of(new int[Math.toIntExact(embeddings.size(0))]);
    Attention within = rows.attention(this);
    List<Tensor> keys = new ArrayList<>();
    List<Tensor> values = new ArrayList<>();
    IntFunction<Angles> angles = anglesByLayer(rows.positions());
    Tensor x = embeddings;
    for (int i = 0; i < config.layers(); i++) {
      try (Scope scope = Scope.open()) {
        Attention kept =
            (layer, q, k, v) -> {
              keys.add(scope.keep(k));
              values.add(scope.keep(v));
              return within.attend(layer, q, k, v);
            };
        x = scope.keep(block(i, x, angles.apply(i), kept, Adaptation.separate(Map.of())));
      }
    }
    return new Past(keys, values);
  }

  /** The rows' embeddings, (rows, width), F32. */
  public Tensor embed(int[] ids) {
    Tensor x = weights.embedding().rows(Tensor.ofIndices(ids)).to(DType.F32);
    return embeddingScale() == 1 ? x : x.times(embeddingScale());
  }

  /** What embeddings are multiplied with. */
  double embeddingScale() {
    return config.embeddingScale();
  }

  /** The same model with other weights, which the caller closes. */
  Decoder with(DecoderWeights others) {
    return new Decoder(config, precision, device, others);
  }

  /**
   * The same model with an adapter in it that stays as it is, so that another one can train over
   * both. It shares this model's weights; closing it frees what it adds alone.
   *
   * @param frozen by module name; without magnitudes
   */
  public Decoder under(Map<String, Factors> frozen) {
    DecoderWeights changed = weights.under(frozen);
    return new Decoder(config, precision, device, changed, changed::closeChange);
  }

  /** Tables of a pass, (rows, 1, dim), for all heads. */
  record Angles(Tensor cosines, Tensor sines) {
    /** Rotated queries or keys, (rows, heads, dim), F32. */
    Tensor turned(Tensor x) {
      return Functional.rope(x.to(DType.F32), cosines, sines);
    }

    /** The gradient by what was {@linkplain #turned rotated}, given the one by the rotated. */
    Tensor turnedBack(Tensor gradient) {
      return Functional.ropeBackward(gradient, cosines, sines);
    }
  }

  /** The rotation of the layers that see all, or of those whose window slides. */
  Angles angles(ModelConfig.LayerType type, int[] positions) {
    return angles(type == ModelConfig.LayerType.SLIDING ? localRotary : rotary, positions);
  }

  /**
   * The frozen matrix of a linear module of the blocks, or of the head, (out, in), type of the
   * products, in the scope that is open; not to be written to.
   *
   * @param module Hugging Face name
   */
  public Tensor weight(String module) {
    if (module.equals(ModelTensors.HEAD_MODULE)) {
      return weights.head().dense();
    }
    for (Projection projection : weights.projections()) {
      int index = projection.modules().indexOf(module);
      if (index >= 0) {
        long row = projection.widths().stream().limit(index).mapToLong(each -> each).sum();
        return projection.weight().dense().narrow(0, row, projection.widths().get(index));
      }
    }
    throw new IllegalArgumentException("no linear module of a block: " + module);
  }

  DecoderWeights weights() {
    return weights;
  }

  /** Each layer's rotation; those of a kind are made once. */
  private IntFunction<Angles> anglesByLayer(int[] positions) {
    Angles full = angles(rotary, positions);
    Angles local = config.localRope().equals(config.rope()) ? full : angles(localRotary, positions);
    return layer -> config.slides(layer) ? local : full;
  }

  private Angles angles(Rotary table, int[] positions) {
    return new Angles(
        table.cosines(positions).to(device).unsqueeze(1),
        table.sines(positions).to(device).unsqueeze(1));
  }

  // x: (rows, width), F32
  private Tensor block(
      int index, Tensor x, Angles angles, Attention attention, Adaptation adapter) {
    Layer layer = weights.layers().get(index);
    Tensor attended = attend(index, x, angles, attention, adapter);
    Tensor middle = x.plus(normed(attended, layer.afterAttention()));
    Tensor fed =
        layer.feedForward().apply(config, normed(middle, layer.beforeFeedForward()), adapter);
    return middle.plus(normed(fed, layer.afterFeedForward()));
  }

  private Tensor attend(
      int index, Tensor x, Angles angles, Attention attention, Adaptation adapter) {
    Layer layer = weights.layers().get(index);
    Tensor input = normed(x, layer.beforeAttention());
    Tensor all = heads(layer.queryKeyValue().apply(input, adapter).to(DType.F32));
    long queries = config.heads();
    long keys = config.keyValueHeads();
    Tensor turned =
        angles.turned(
            layer.queryNorm() == null
                ? all.narrow(1, 0, queries + keys)
                : Tensor.cat(
                    1,
                    List.of(
                        normed(all.narrow(1, 0, queries), layer.queryNorm()),
                        normed(all.narrow(1, queries, keys), layer.keyNorm()))));
    Tensor output =
        attention.attend(
            index,
            turned.narrow(1, 0, queries).permute(1, 0, 2),
            turned.narrow(1, queries, keys).permute(1, 0, 2),
            all.narrow(1, queries + keys, keys).permute(1, 0, 2));
    return layer.output().apply(output, adapter);
  }

  private Tensor normed(Tensor x, @Nullable Tensor weight) {
    return weight == null ? x : Functional.rmsNorm(x.to(DType.F32), weight, config.normEpsilon());
  }

  // (rows, heads · dim) to (rows, heads, dim)
  private Tensor heads(Tensor flat) {
    return flat.view(flat.size(0), flat.size(1) / config.headWidth(), config.headWidth());
  }

  /**
   * Logits of chosen rows.
   *
   * @param hidden (rows, width), F32
   * @return (rows, vocabulary), in the type of the products
   */
  public Tensor logits(Tensor hidden) {
    Weight head = weights.head();
    return head.linear(hidden.to(head.products()));
  }

  /** Rows of some tokens of the embedding or the head, by module, F32, in the open scope. */
  public Tensor rows(String module, List<Integer> ids) {
    Tensor table =
        module.equals(ModelTensors.HEAD_MODULE) ? weights.head().dense() : weights.embedding();
    return table.rows(Tensor.ofIndices(ids)).to(DType.F32);
  }

  /**
   * The gradient by the hidden rows, given the one by their logits.
   *
   * @param gradient (rows, vocabulary)
   * @return (rows, width), F32
   */
  public Tensor backThroughHead(Tensor gradient) {
    Weight head = weights.head();
    return head.back(gradient.to(head.products())).to(DType.F32);
  }

  @Override
  public void close() {
    closing.run();
  }
}
