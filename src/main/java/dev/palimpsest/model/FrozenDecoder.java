package dev.palimpsest.model;

import dev.palimpsest.model.DecoderWeights.Layer;
import dev.palimpsest.model.ModelConfig.LayerType;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.RmsNorm;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A decoder under factors that train, or with weights of its own that do, with the gradient written
 * out: it goes through the blocks' inputs to what trains, and no graph is recorded. Past a number
 * of rows only the blocks' inputs are kept, and each block is computed again on the way back.
 */
public final class FrozenDecoder implements TrainedDecoder {
  /** What a pass of so many rows keeps fits beside a small model's weights. */
  static final int MOST_KEPT_ROWS = 1024;

  /**
   * Rows are filled up to a multiple of this with rows that nobody sees: the factors' gradients sum
   * over rows, and bf16 products over an odd number are four times slower.
   */
  private static final int ROW_STEP = 16;

  private final Decoder decoder;
  private final WeightGradients gradients;
  private final TrainedEnds own;
  private final Ends ends;
  private final FrozenEmbedding embedding;
  private final FrozenProjection head;
  private final Optional<FrozenHeadTokens> headTokens;
  private final List<FrozenBlock> blocks = new ArrayList<>();
  private final int lowest;
  private final int mostKeptRows;

  /**
   * A decoder under factors.
   *
   * @param factors that train, each collecting its gradient
   */
  public FrozenDecoder(Decoder decoder, Map<String, Factors> factors) {
    this(decoder, factors, keptRows(decoder));
  }

  /** The same with rows of some tokens that train, too, in the place of the decoder's. */
  public FrozenDecoder(Decoder decoder, Map<String, Factors> factors, EndWeights rows) {
    this(decoder, factors, rows, WeightGradients.NONE, keptRows(decoder));
  }

  /** A decoder whose own weights train. */
  public FrozenDecoder(TrainedWeights weights) {
    this(weights.decoder(), Map.of(), weights, keptRows(weights.decoder()));
  }

  /** The same with another number of rows up to which all is kept. */
  FrozenDecoder(Decoder decoder, Map<String, Factors> factors, int mostKeptRows) {
    this(decoder, factors, WeightGradients.NONE, mostKeptRows);
  }

  FrozenDecoder(
      Decoder decoder, Map<String, Factors> factors, WeightGradients gradients, int mostKeptRows) {
    this(decoder, factors, EndWeights.NONE, gradients, mostKeptRows);
  }

  private FrozenDecoder(
      Decoder decoder,
      Map<String, Factors> factors,
      EndWeights rows,
      WeightGradients gradients,
      int mostKeptRows) {
    if (!rows.whole().isEmpty() || !Collections.disjoint(rows.rows().keySet(), factors.keySet())) {
      throw new IllegalArgumentException("rows of tokens train in an end without factors alone");
    }
    this.decoder = decoder;
    this.gradients = gradients;
    this.own = TrainedEnds.of(decoder, gradients);
    this.ends = Ends.of(decoder, rows, factors);
    this.embedding = new FrozenEmbedding(ends.tokens(), ends.factors(), decoder.embeddingScale());
    this.headTokens = Optional.ofNullable(ends.headTokens()).map(FrozenHeadTokens::new);
    this.head = new FrozenProjection(ends.head(), factors, WeightGradients.NONE);
    this.mostKeptRows = mostKeptRows;
    for (int i = 0; i < decoder.config().layers(); i++) {
      Layer layer = decoder.weights().layers().get(i);
      blocks.add(new FrozenBlock(decoder.config(), i, layer, factors, gradients));
    }
    int first = 0;
    while (first < blocks.size() && !embeddingTrains() && !blocks.get(first).trains()) {
      first++;
    }
    this.lowest = first;
    if (!factors.isEmpty() && Footprint.of(decoder).laysOutBack()) {
      blocks.subList(lowest, blocks.size()).forEach(FrozenBlock::layOutBack);
    }
  }

  private static int keptRows(Decoder decoder) {
    return decoder.device() == Device.CPU ? MOST_KEPT_ROWS : Footprint.passRows(decoder);
  }

  private boolean embeddingTrains() {
    return own.embeddingTrains() || embedding.trains();
  }

  @Override
  public Decoder decoder() {
    return decoder;
  }

  @Override
  public void refresh() {
    try (Scope _ = Scope.open()) {
      gradients.refresh();
      blocks.forEach(FrozenBlock::refresh);
      head.refresh();
    }
  }

  @Override
  public Tensor backThroughHead(Tensor hidden, Tensor gradient, double weight) {
    own.collectHead(hidden, gradient, weight);
    Optional<Tensor> ofTokens =
        headTokens.map(
            tokens -> Native.withoutGradients(() -> tokens.backward(hidden, gradient, weight)));
    Tensor down =
        head.trains()
            ? Native.withoutGradients(
                () -> backThroughFactors(hidden, gradient.to(DType.F32).timesInPlace(weight)))
            : TrainedDecoder.super.backThroughHead(hidden, gradient, weight);
    return ofTokens.map(down::plusInPlace).orElse(down);
  }

  private Tensor backThroughFactors(Tensor hidden, Tensor gradient) {
    return head.backward(head.again(hidden), hidden, gradient.to(head.products())).to(DType.F32);
  }

  @Override
  public Tensor logits(Tensor hidden) {
    if (headTokens.isPresent()) {
      return Native.withoutGradients(
          () -> ends.plain(hidden.to(ends.head().weight().products())).to(DType.F32));
    }
    return head.trains()
        ? Native.withoutGradients(() -> head.apply(hidden).output().to(DType.F32))
        : decoder.logits(hidden);
  }

  @Override
  public TrainedDecoder.Pass forward(Ragged documents, int[] rows) {
    return Native.withoutGradients(() -> new Pass(documents, rows));
  }

  private static int[] filled(int[] values) {
    return Arrays.copyOf(values, Math.ceilDiv(values.length, ROW_STEP) * ROW_STEP);
  }

  private final class Pass implements TrainedDecoder.Pass {
    private final Map<LayerType, FrozenBlock.Surroundings> around = new EnumMap<>(LayerType.class);
    private final List<Tensor> inputs = new ArrayList<>();
    private final List<FrozenBlock.Applied> kept = new ArrayList<>();
    private final Tensor rows;
    private final int[] ids;
    private final RmsNorm norm;
    private final Tensor hidden;

    Pass(Ragged documents, int[] rows) {
      DocumentAttention attention = DocumentAttention.of(decoder, documents);
      for (LayerType type : decoder.config().layerTypes()) {
        around.computeIfAbsent(type, each -> surroundings(attention, each, documents));
      }
      boolean keeps = documents.rows() <= mostKeptRows;
      this.ids = filled(documents.ids());
      Tensor x = ends.embed(ids);
      for (int i = 0; i < blocks.size(); i++) {
        inputs.add(x);
        x = keeps && i >= lowest ? keep(i, x) : result(i, x);
      }
      this.rows = Tensor.ofIndices(rows);
      RmsNorm.Normed normed =
          RmsNorm.of(
              x.rows(this.rows),
              decoder.weights().finalNorm(),
              decoder.config().normEpsilon(),
              DType.F32);
      this.norm = normed.norm();
      this.hidden = normed.output();
    }

    private FrozenBlock.Surroundings surroundings(
        DocumentAttention attention, LayerType type, Ragged documents) {
      return new FrozenBlock.Surroundings(
          attention, decoder.angles(type, filled(documents.positions())));
    }

    private FrozenBlock.Surroundings around(int layer) {
      return Objects.requireNonNull(around.get(decoder.config().layerTypes().get(layer)));
    }

    private Tensor keep(int layer, Tensor x) {
      try (Scope scope = Scope.open()) {
        FrozenBlock.Applied applied = blocks.get(layer).apply(x, around(layer)).keep(scope);
        kept.add(applied);
        return applied.result();
      }
    }

    private Tensor result(int layer, Tensor x) {
      try (Scope scope = Scope.open()) {
        return scope.keep(blocks.get(layer).apply(x, around(layer)).result());
      }
    }

    @Override
    public Tensor hidden() {
      return hidden;
    }

    @Override
    public void backward(Tensor gradient) {
      Native.withoutGradients(
          () -> {
            try (Scope _ = Scope.open()) {
              send(gradient);
            }
          });
    }

    private void send(Tensor byHidden) {
      Tensor byRows = byHidden.newZeros(DType.F32, byHidden.shape());
      norm.addGradient(byHidden, decoder.weights().finalNorm(), byRows);
      own.collectNorm(norm, byHidden);
      Tensor gradient =
          byRows.newZeros(DType.F32, inputs.getFirst().shape()).copyRowsFrom(byRows, rows);
      for (int i = blocks.size() - 1; i >= lowest; i--) {
        try (Scope _ = Scope.open()) {
          FrozenBlock.Applied pass =
              kept.isEmpty() ? blocks.get(i).apply(inputs.get(i), around(i)) : kept.get(i - lowest);
          if (i == lowest && !embeddingTrains() && !blocks.get(i).beginningTrains()) {
            blocks.get(i).backwardToFactors(pass, gradient);
          } else {
            blocks.get(i).backward(pass, gradient);
          }
        }
      }
      own.collectEmbedding(ids, gradient);
      embedding.collect(ids, gradient);
    }
  }

  @Override
  public void close() {
    blocks.forEach(FrozenBlock::close);
    head.close();
  }
}
