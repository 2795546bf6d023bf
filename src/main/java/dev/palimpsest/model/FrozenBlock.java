package dev.palimpsest.model;

import dev.palimpsest.model.DecoderWeights.Layer;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Residual;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tensor.VectorAttention.Inputs;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One block of a decoder, forward and backward. The gradient flows to the block's input, to the
 * factors over it, and to those of its own weights that train.
 */
final class FrozenBlock implements AutoCloseable {
  private final ModelConfig config;
  private final int index;
  private final FrozenNorm beforeAttention;
  private final FrozenNorm queryNorm;
  private final FrozenNorm keyNorm;
  private final FrozenNorm afterAttention;
  private final FrozenNorm beforeFeedForward;
  private final FrozenNorm afterFeedForward;
  private final FrozenProjection queryKeyValue;
  private final FrozenProjection output;
  private final FrozenFeedForward feedForward;

  FrozenBlock(
      ModelConfig config,
      int index,
      Layer layer,
      Map<String, Factors> factors,
      WeightGradients gradients) {
    this.config = config;
    this.index = index;
    BlockNorms norms = new BlockNorms(config, index, gradients);
    this.beforeAttention = norms.of(layer.beforeAttention(), BlockNorms.BEFORE_ATTENTION);
    this.queryNorm = norms.of(layer.queryNorm(), BlockNorms.QUERY);
    this.keyNorm = norms.of(layer.keyNorm(), BlockNorms.KEY);
    this.afterAttention = norms.of(layer.afterAttention(), BlockNorms.AFTER_ATTENTION);
    this.beforeFeedForward =
        norms.of(layer.beforeFeedForward(), BlockNorms.beforeFeedForward(config));
    this.afterFeedForward = norms.of(layer.afterFeedForward(), BlockNorms.AFTER_FEED_FORWARD);
    this.queryKeyValue = new FrozenProjection(layer.queryKeyValue(), factors, gradients);
    this.output = new FrozenProjection(layer.output(), factors, gradients);
    this.feedForward = FrozenFeedForward.of(config, layer.feedForward(), factors, gradients);
  }

  private List<FrozenProjection> projections() {
    return Stream.concat(Stream.of(queryKeyValue, output), feedForward.projections().stream())
        .toList();
  }

  /** Whether any factor or weight trains here. */
  boolean trains() {
    return projections().stream().anyMatch(FrozenProjection::trains)
        || Stream.of(
                beforeAttention,
                queryNorm,
                keyNorm,
                afterAttention,
                beforeFeedForward,
                afterFeedForward)
            .anyMatch(norm -> norm.byWeight() != null);
  }

  /** Whether the norm at its beginning trains, which {@link #backwardToFactors} does not reach. */
  boolean beginningTrains() {
    return beforeAttention.byWeight() != null;
  }

  /** Keeps the weights laid out for the way back, too. */
  void layOutBack() {
    projections().forEach(FrozenProjection::layOutBack);
  }

  /** Takes over the factors as they are now. */
  void refresh() {
    projections().forEach(FrozenProjection::refresh);
  }

  /**
   * What a pass needs beside its input.
   *
   * @param angles of its rows
   */
  record Surroundings(DocumentAttention attention, Decoder.Angles angles) {}

  /** What a pass gave, and what its gradient needs. */
  record Applied(Attention attention, FeedForward feedForward, Tensor result) {
    Applied keep(Scope scope) {
      attention.keep(scope);
      feedForward.keep(scope);
      scope.keep(result);
      return this;
    }
  }

  /** Bytes that {@link Applied} keeps of a row, about. */
  static long keptBytes(ModelConfig config, DType products) {
    int after = config.architecture() == Architecture.GEMMA3 ? 2 : 0;
    long chosen = config.chosenExperts();
    long ofExperts = config.mixture().isEmpty() ? 0 : chosen * config.width();
    return Float.BYTES * (2L * config.width() + ofExperts)
        + (long) products.bytes() * after * config.width()
        + DocumentAttention.keptBytes(config, products)
        + products.bytes() * 2L * chosen * config.feedForward();
  }

  /**
   * Bytes of a row that {@link Applied} has beside until its projections have run: their inputs.
   */
  static long inputBytes(ModelConfig config, DType products) {
    long queries = (long) config.heads() * config.headWidth();
    long chosen = config.chosenExperts();
    long ofExperts = config.mixture().isEmpty() ? 0 : chosen * config.width();
    return products.bytes()
        * (2L * config.width() + queries + ofExperts + chosen * config.feedForward());
  }

  private record Attention(
      FrozenNorm.Applied before,
      FrozenProjection.Applied queryKeyValue,
      FrozenNorm.Applied query,
      FrozenNorm.Applied key,
      DocumentAttention.Applied documents,
      FrozenProjection.Applied output,
      FrozenNorm.Applied after) {
    void keep(Scope scope) {
      List.of(before, query, key, after).forEach(norm -> norm.keep(scope));
      queryKeyValue.keep(scope);
      documents.keep(scope);
      output.keep(scope);
    }
  }

  private record FeedForward(
      FrozenNorm.Applied before, FrozenFeedForward.Applied part, FrozenNorm.Applied after) {
    void keep(Scope scope) {
      List.of(before, after).forEach(norm -> norm.keep(scope));
      part.keep(scope);
    }
  }

  /**
   * The block forward.
   *
   * @param x (rows, width), F32
   */
  Applied apply(Tensor x, Surroundings around) {
    Attention attended = attend(x, around);
    Tensor middle = Residual.plus(x, attended.after.output());
    FeedForward fed = feedForward(middle);
    return new Applied(attended, fed, Residual.plus(middle, fed.after.output()));
  }

  private Attention attend(Tensor x, Surroundings around) {
    FrozenNorm.Applied before = beforeAttention.apply(x, output.products());
    FrozenProjection.Applied qkv = queryKeyValue.apply(before.output());
    Tensor heads = heads(qkv.output());
    FrozenNorm.Applied query = queryNorm.apply(queries(heads), DType.F32);
    FrozenNorm.Applied key = keyNorm.apply(keys(heads), DType.F32);
    DocumentAttention.Applied documents =
        around.attention.apply(
            index,
            new Inputs(query.output(), key.output(), values(heads)),
            around.angles,
            qkv.output().dtype());
    FrozenProjection.Applied out = output.apply(documents.output());
    return new Attention(
        before, qkv, query, key, documents, out, afterAttention.apply(out.output(), DType.F32));
  }

  private FeedForward feedForward(Tensor x) {
    FrozenNorm.Applied before = beforeFeedForward.apply(x, output.products());
    FrozenFeedForward.Applied part = feedForward.apply(before.output());
    return new FeedForward(before, part, afterFeedForward.apply(part.output(), DType.F32));
  }

  /**
   * The block backward: adds to the gradients of what trains.
   *
   * @param gradient by the block's output, F32; becomes the one by its input
   */
  void backward(Applied pass, Tensor gradient) {
    Tensor byQkv = backwardToQueryKeyValue(pass, gradient);
    Attention kept = pass.attention;
    Tensor x = beforeAttention.again(kept.before, output.products());
    beforeAttention.addGradient(
        kept.before, queryKeyValue.backward(kept.queryKeyValue, x, byQkv), gradient);
  }

  /** As {@link #backward}, where nothing below trains: the gradient stops at the factors. */
  void backwardToFactors(Applied pass, Tensor gradient) {
    Attention kept = pass.attention;
    queryKeyValue.collect(
        kept.queryKeyValue,
        beforeAttention.again(kept.before, output.products()),
        backwardToQueryKeyValue(pass, gradient));
  }

  private Tensor backwardToQueryKeyValue(Applied pass, Tensor gradient) {
    feedForwardBackward(pass.feedForward, gradient);
    return attendBackward(pass.attention, gradient);
  }

  private void feedForwardBackward(FeedForward kept, Tensor gradient) {
    Tensor byPart = afterFeedForward.gradient(kept.after, gradient);
    Tensor x = beforeFeedForward.again(kept.before, output.products());
    beforeFeedForward.addGradient(kept.before, kept.part.backward(x, byPart), gradient);
  }

  /** The gradient by queries, keys and values side by side, type of the products. */
  private Tensor attendBackward(Attention kept, Tensor gradient) {
    DType products = output.products();
    Tensor byOutput = afterAttention.gradient(kept.after, gradient).to(products);
    Tensor byAttended = output.backward(kept.output, kept.documents.output(), byOutput);
    DType type = config.queryKeyNorm() ? DType.F32 : products;
    Tensor byQkv = gradient.newZeros(type, gradient.size(0), queryKeyValue.width());
    Tensor heads = heads(byQkv);
    kept.documents.backward(byAttended, new Inputs(queries(heads), keys(heads), values(heads)));
    if (config.queryKeyNorm()) {
      queries(heads).copyFrom(queryNorm.gradient(kept.query, queries(heads)));
      keys(heads).copyFrom(keyNorm.gradient(kept.key, keys(heads)));
    }
    return byQkv.to(products);
  }

  // (rows, all heads · dim) to (rows, all heads, dim)
  private Tensor heads(Tensor flat) {
    return flat.view(flat.size(0), flat.size(1) / config.headWidth(), config.headWidth());
  }

  private Tensor queries(Tensor heads) {
    return heads.narrow(1, 0, config.heads());
  }

  private Tensor keys(Tensor heads) {
    return heads.narrow(1, config.heads(), config.keyValueHeads());
  }

  private Tensor values(Tensor heads) {
    return heads.narrow(1, (long) config.heads() + config.keyValueHeads(), config.keyValueHeads());
  }

  @Override
  public void close() {
    projections().forEach(FrozenProjection::close);
  }
}
