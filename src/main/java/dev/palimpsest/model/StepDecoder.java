package dev.palimpsest.model;

import dev.palimpsest.model.DecoderWeights.Layer;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.FloatRows;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Steps of decoding: one new row for each of a few sequences. It computes what {@link Decoder}
 * does, with the same products; what is between them is plain Java over arrays, since for so few
 * rows an operation of libtorch takes longer to call than to compute (docs/decisions/decoding.md).
 * Threads share it.
 */
public final class StepDecoder {
  private final ModelConfig config;
  private final Ends ends;
  private final Adaptation adaptation;
  private final int virtualTokens;
  private final Rotary rotary;
  private final Rotary localRotary;
  private final List<Norms> norms = new ArrayList<>();
  private final float[] finalNorm;

  /** Of a decoder that is prepared. */
  StepDecoder(Ends ends, Adaptation adaptation, int virtualTokens) {
    this.config = ends.decoder().config();
    this.ends = ends;
    this.adaptation = adaptation;
    this.virtualTokens = virtualTokens;
    this.rotary = new Rotary(config.rope(), config.headWidth());
    this.localRotary = new Rotary(config.localRope(), config.headWidth());
    DecoderWeights weights = ends.decoder().weights();
    weights.layers().forEach(layer -> norms.add(Norms.of(layer)));
    this.finalNorm = weights.finalNorm().floats();
  }

  /** The norms' weights of one layer. */
  @SuppressWarnings("ArrayRecordComponent") // read only here
  private record Norms(
      float[] beforeAttention,
      float @Nullable [] query,
      float @Nullable [] key,
      float @Nullable [] afterAttention,
      float[] beforeFeedForward,
      float @Nullable [] afterFeedForward) {

    static Norms of(Layer layer) {
      return new Norms(
          layer.beforeAttention().floats(),
          floats(layer.queryNorm()),
          floats(layer.keyNorm()),
          floats(layer.afterAttention()),
          layer.beforeFeedForward().floats(),
          floats(layer.afterFeedForward()));
    }

    private static float @Nullable [] floats(@Nullable Tensor weight) {
      return weight == null ? null : weight.floats();
    }
  }

  /** Cosines and sines of each row. */
  @SuppressWarnings("ArrayRecordComponent") // read only here
  private record Turns(float[] cosines, float[] sines) {
    static Turns of(Rotary table, int[] positions) {
      return new Turns(table.halfCosines(positions), table.halfSines(positions));
    }
  }

  /**
   * Logits of what comes after some tokens, (rows, vocabulary), F32.
   *
   * @param ids one of each sequence
   * @param positions of each in its sequence, virtual tokens not counted
   */
  public Tensor logits(int[] ids, int[] positions, StepAttention attention) {
    Step step = new Step(ids, positions, attention);
    for (int i = 0; i < config.layers(); i++) {
      step.block(i);
    }
    return ends.logits(step.hidden(), adaptation).narrow(0, 0, ids.length);
  }

  /** One step's rows, which every layer uses again. */
  private final class Step {
    private final int rows;
    private final int multiplied; // with rows of zeros after them, where that is faster
    private final StepAttention attention;
    private final Turns turns;
    private final Turns localTurns;
    private final FloatRows x; // the residual stream
    private final FloatRows narrow;
    private final FloatRows heads;
    private final FloatRows attended;
    private final FloatRows both; // gates and ups
    private final FloatRows gated;
    private final FloatRows.Copy ofNarrow;
    private final FloatRows.Copy ofAttended;
    private final FloatRows.Copy ofGated;

    Step(int[] ids, int[] positions, StepAttention attention) {
      int width = config.headWidth();
      int[] places = positions.clone();
      for (int i = 0; i < places.length; i++) {
        places[i] += virtualTokens;
      }
      this.rows = ids.length;
      Weight head = ends.head().weight();
      this.multiplied =
          adaptation.rowsThatStandAlone() == Integer.MAX_VALUE ? head.rows(rows) : rows;
      this.attention = attention;
      this.turns = Turns.of(rotary, places);
      this.localTurns =
          config.localRope().equals(config.rope()) ? turns : Turns.of(localRotary, places);
      this.x = new FloatRows(rows, config.width());
      this.narrow = new FloatRows(rows, config.width());
      this.heads = new FloatRows(rows, (config.heads() + 2 * config.keyValueHeads()) * width);
      this.attended = new FloatRows(rows, config.heads() * width);
      this.both = new FloatRows(rows, 2 * config.feedForward());
      this.gated = new FloatRows(rows, config.feedForward());
      DType products = head.products();
      this.ofNarrow = FloatRows.Copy.zeros(products, multiplied, config.width());
      this.ofAttended = FloatRows.Copy.zeros(products, multiplied, attended.width());
      this.ofGated = FloatRows.Copy.zeros(products, multiplied, config.feedForward());
      x.read(ends.embed(ids));
    }

    void block(int index) {
      Layer layer = ends.decoder().weights().layers().get(index);
      Norms norm = norms.get(index);
      normalise(x, norm.beforeAttention, narrow);
      product(layer.queryKeyValue(), narrow.in(ofNarrow), heads);
      normaliseHeads(0, config.heads(), norm.query);
      normaliseHeads(config.heads(), config.keyValueHeads(), norm.key);
      Turns own = config.slides(index) ? localTurns : turns;
      heads.rotate(config.heads() + config.keyValueHeads(), own.cosines, own.sines);
      attention.attend(index, heads, attended);
      product(layer.output(), attended.in(ofAttended), narrow);
      normalise(narrow, norm.afterAttention, narrow);
      x.plus(narrow);
      normalise(x, norm.beforeFeedForward, narrow);
      feedForward(layer.feedForward());
      normalise(narrow, norm.afterFeedForward, narrow);
      x.plus(narrow);
    }

    private void feedForward(FeedForward part) {
      switch (part) {
        case FeedForward.Dense(Projection gateUp, Projection down) -> {
          product(gateUp, narrow.in(ofNarrow), both);
          both.gate(config.gatedUnit(), gated);
          product(down, gated.in(ofGated), narrow);
        }
        case FeedForward.Experts experts ->
            computed(
                Tensor.of(narrow.values(), rows, config.width()),
                input -> experts.apply(config, input, adaptation),
                narrow);
      }
    }

    private void product(Projection projection, Tensor input, FloatRows into) {
      computed(input, it -> adaptation.adapt(projection, it, projection.plain(it)), into);
    }

    private void computed(Tensor input, UnaryOperator<Tensor> work, FloatRows into) {
      try (Scope _ = Scope.open()) {
        into.read(work.apply(input));
      }
    }

    private void normaliseHeads(int first, int count, float @Nullable [] weight) {
      if (weight != null) {
        heads.normalise(first * config.headWidth(), count, weight, config.normEpsilon(), heads);
      }
    }

    private void normalise(FloatRows from, float @Nullable [] weight, FloatRows into) {
      if (weight != null) {
        from.normalise(0, 1, weight, config.normEpsilon(), into);
      }
    }

    /** The last layer's normalised output, (rows or more, width). */
    Tensor hidden() {
      normalise(x, finalNorm, narrow);
      return narrow.in(ofNarrow);
    }
  }
}
