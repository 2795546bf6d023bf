package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a decoder in memory, in the types that a precision asks for. They live until
 * closed.
 *
 * @param embedding (vocabulary, width), in the type of the products
 * @param head (vocabulary, width)
 * @param finalNorm (width), F32
 */
record DecoderWeights(Tensor embedding, List<Layer> layers, Tensor finalNorm, Weight head)
    implements AutoCloseable {

  /**
   * One block. Norm weights are F32; those that an architecture lacks are null.
   *
   * @param afterAttention norm of the attention's output (Gemma 3)
   * @param afterFeedForward norm of the feed-forward's output (Gemma 3)
   */
  record Layer(
      Tensor beforeAttention,
      Projection queryKeyValue,
      @Nullable Tensor queryNorm,
      @Nullable Tensor keyNorm,
      Projection output,
      @Nullable Tensor afterAttention,
      Tensor beforeFeedForward,
      FeedForward feedForward,
      @Nullable Tensor afterFeedForward) {

    List<Projection> projections() {
      return Stream.concat(Stream.of(queryKeyValue, output), feedForward.projections().stream())
          .toList();
    }

    private Layer under(Map<String, Factors> frozen) {
      return new Layer(
          beforeAttention,
          queryKeyValue.under(frozen),
          queryNorm,
          keyNorm,
          output.under(frozen),
          afterAttention,
          beforeFeedForward,
          feedForward.with(each -> each.under(frozen)),
          afterFeedForward);
    }

    /** Norms and biases. */
    long plainBytes() {
      return Stream.concat(
              Stream.of(
                  beforeAttention,
                  queryNorm,
                  keyNorm,
                  afterAttention,
                  beforeFeedForward,
                  afterFeedForward),
              projections().stream().map(Projection::bias))
          .filter(Objects::nonNull)
          .mapToLong(Tensor::bytes)
          .sum();
    }
  }

  /** The same with a change that stays as it is; {@link #closeChange} frees that alone. */
  DecoderWeights under(Map<String, Factors> frozen) {
    List<Layer> changed = layers.stream().map(layer -> layer.under(frozen)).toList();
    return new DecoderWeights(embedding, changed, finalNorm, head);
  }

  /** Frees what {@link #under} added. */
  void closeChange() {
    projections().stream()
        .map(Projection::weight)
        .filter(Weight.Adapted.class::isInstance)
        .forEach(Weight::close);
  }

  /** Of all layers. */
  List<Projection> projections() {
    return layers.stream().flatMap(layer -> layer.projections().stream()).toList();
  }

  /** {@link Weight#rowsThatStandAlone} of all products of the blocks. */
  int rowsThatStandAlone() {
    return projections().stream()
        .mapToInt(each -> each.weight().rowsThatStandAlone())
        .min()
        .orElse(Integer.MAX_VALUE);
  }

  /** Reads all weights, one tensor after the other. */
  static DecoderWeights read(
      ModelConfig config, WeightSource source, WeightFormat format, DType products, Device device) {
    return new Reader(config, source, format, products, device).all();
  }

  private record Reader(
      ModelConfig config, WeightSource source, WeightFormat format, DType products, Device device) {

    DecoderWeights all() {
      Tensor embedding = embedding();
      List<Layer> layers = new ArrayList<>(config.layers());
      for (int i = 0; i < config.layers(); i++) {
        layers.add(layer("model.layers." + i + "."));
        Native.trim(); // else a loaded model takes twice its weights in nf4
      }
      Weight head = config.tiedHead() ? format.beside(embedding) : head();
      return new DecoderWeights(embedding, List.copyOf(layers), norm("model.norm"), head);
    }

    private Layer layer(String prefix) {
      boolean gemma = config.architecture() == Architecture.GEMMA3;
      String attention = prefix + "self_attn.";
      boolean bias = config.queryKeyValueBias();
      int queries = config.heads() * config.headWidth();
      int keys = config.keyValueHeads() * config.headWidth();
      return new Layer(
          norm(prefix + "input_layernorm"),
          projection(
              attention, List.of("q_proj", "k_proj", "v_proj"), List.of(queries, keys, keys), bias),
          config.queryKeyNorm() ? norm(attention + "q_norm") : null,
          config.queryKeyNorm() ? norm(attention + "k_norm") : null,
          projection(attention, List.of("o_proj"), List.of(config.width()), config.outputBias()),
          gemma ? norm(prefix + "post_attention_layernorm") : null,
          norm(prefix + (gemma ? "pre_feedforward_layernorm" : "post_attention_layernorm")),
          config
              .mixture()
              .<FeedForward>map(
                  mixture -> experts(prefix + ModelTensors.MIXTURE, mixture.experts()))
              .orElseGet(
                  () -> dense(prefix + "mlp.", List.of("gate_proj", "up_proj"), "down_proj")),
          gemma ? norm(prefix + "post_feedforward_layernorm") : null);
    }

    private FeedForward.Experts experts(String prefix, int experts) {
      return new FeedForward.Experts(
          projection(prefix, List.of("gate"), List.of(experts), false),
          IntStream.range(0, experts)
              .mapToObj(i -> dense(prefix + "experts." + i + ".", List.of("w1", "w3"), "w2"))
              .toList());
    }

    private FeedForward.Dense dense(String prefix, List<String> gateUp, String down) {
      int wide = config.feedForward();
      return new FeedForward.Dense(
          projection(prefix, gateUp, List.of(wide, wide), false),
          projection(prefix, List.of(down), List.of(config.width()), false));
    }

    private Projection projection(
        String prefix, List<String> names, List<Integer> widths, boolean bias) {
      List<String> modules = names.stream().map(name -> prefix + name).toList();
      try (Scope scope = Scope.open()) {
        Weight weight = format.weight(modules, this::matrix, products, device);
        Tensor added = bias ? scope.release(biases(modules)) : null;
        return new Projection(modules, widths, weight, added);
      }
    }

    private Tensor matrix(String module, DType type) {
      return source.read(module + ".weight", type);
    }

    private Tensor biases(List<String> modules) {
      List<Tensor> parts =
          modules.stream().map(module -> source.read(module + ".bias", DType.F32)).toList();
      Tensor all = parts.size() == 1 ? parts.getFirst() : Tensor.cat(0, parts);
      return all.to(device);
    }

    private Weight head() {
      try (Scope scope = Scope.open()) {
        Tensor matrix = source.read(ModelTensors.HEAD, format.plain(products));
        return format.whole(matrix.to(device), scope);
      }
    }

    private Tensor embedding() {
      try (Scope scope = Scope.open()) {
        return scope.release(
            source.read(ModelTensors.EMBEDDING, format.plain(products)).to(device));
      }
    }

    private Tensor norm(String module) {
      try (Scope scope = Scope.open()) {
        Tensor stored = source.read(module + ".weight", DType.F32).to(device);
        double added = config.addedToNorms();
        return scope.release(added == 0 ? stored : stored.copy().plusInPlace(added));
      }
    }
  }

  /** Memory that they take. */
  long bytes() {
    boolean shared = head instanceof Weight.Plain(Tensor matrix) && matrix == embedding;
    long bytes = embedding.bytes() + finalNorm.bytes() + (shared ? 0 : head.bytes());
    for (Layer layer : layers) {
      for (Projection projection : layer.projections()) {
        bytes += projection.weight().bytes();
      }
      bytes += layer.plainBytes();
    }
    return bytes;
  }

  @Override
  public void close() {
    for (Layer layer : layers) {
      for (Projection projection : layer.projections()) {
        projection.weight().close();
        closeIfThere(projection.bias());
      }
      layer.beforeAttention.close();
      layer.beforeFeedForward.close();
      closeIfThere(layer.queryNorm);
      closeIfThere(layer.keyNorm);
      closeIfThere(layer.afterAttention);
      closeIfThere(layer.afterFeedForward);
    }
    finalNorm.close();
    embedding.close();
    head.close();
  }

  private static void closeIfThere(@Nullable Tensor tensor) {
    if (tensor != null) {
      tensor.close();
    }
  }
}
