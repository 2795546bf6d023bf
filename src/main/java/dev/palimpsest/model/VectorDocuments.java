package dev.palimpsest.model;

import dev.palimpsest.model.ModelConfig.LayerType;
import dev.palimpsest.model.Ragged.Segment;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tensor.VectorAttention;
import dev.palimpsest.tensor.VectorAttention.Attended;
import dev.palimpsest.tensor.VectorAttention.Document;
import dev.palimpsest.tensor.VectorAttention.Inputs;
import dev.palimpsest.tensor.VectorAttention.Span;
import java.util.ArrayList;
import java.util.List;

/** Attention of documents on the JDK's vectors. */
final class VectorDocuments implements DocumentAttention {
  private final ModelConfig config;
  private final VectorAttention full;
  private final VectorAttention sliding;

  VectorDocuments(ModelConfig config, Ragged sequences) {
    this.config = config;
    List<Document> documents = new ArrayList<>();
    for (int i = 0; i < sequences.segments().size(); i++) {
      documents.add(
          new Document(
              sequences.ancestors(i).stream().map(VectorDocuments::span).toList(),
              span(sequences.segments().get(i))));
    }
    this.full = attention(0, documents);
    boolean slides = config.layerTypes().contains(LayerType.SLIDING);
    this.sliding = slides ? attention(config.window(), documents) : full;
  }

  private static Span span(Segment segment) {
    return new Span(segment.start(), segment.length());
  }

  private VectorAttention attention(int window, List<Document> documents) {
    return new VectorAttention(
        new VectorAttention.Heads(
            config.heads(),
            config.keyValueHeads(),
            config.headWidth(),
            config.queryScale(),
            window),
        documents);
  }

  /** Bytes that a pass keeps of a row: all heads as they came, the output, and the logarithms. */
  static long keptBytes(ModelConfig config, DType products) {
    long queries = (long) config.heads() * config.headWidth();
    long keys = (long) config.keyValueHeads() * config.headWidth();
    long normed = config.queryKeyNorm() ? Float.BYTES * (queries + keys) : 0;
    return products.bytes() * (2 * queries + 2 * keys)
        + normed
        + (long) Float.BYTES * config.heads();
  }

  @Override
  public Applied apply(int layer, Inputs heads, Decoder.Angles angles, DType products) {
    boolean slides = config.slides(layer);
    VectorAttention attention = slides ? sliding : full;
    VectorAttention.Angles turned = new VectorAttention.Angles(angles.cosines(), angles.sines());
    Tensor output = Tensor.zeros(products, heads.q().shape());
    return new Pass(attention, heads, turned, attention.forward(heads, turned, output));
  }

  private record Pass(
      VectorAttention attention, Inputs inputs, VectorAttention.Angles angles, Attended attended)
      implements Applied {
    @Override
    public Tensor output() {
      Tensor heads = attended.output();
      return heads.view(heads.size(0), heads.size(1) * heads.size(2));
    }

    @Override
    public void keep(Scope scope) {
      scope.keep(inputs.q());
      scope.keep(inputs.k());
      scope.keep(inputs.v());
      scope.keep(attended.output());
      scope.keep(attended.logSumExp());
    }

    @Override
    public void backward(Tensor gradient, Inputs by) {
      Tensor heads = gradient.view(attended.output().shape());
      attention.backward(inputs, angles, attended, heads, by);
    }
  }
}
