package dev.palimpsest.model;

import dev.palimpsest.model.Ragged.Segment;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.FlashAttention;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Attention of documents to themselves, with its gradient written out. Rows past the last document
 * neither see nor are seen.
 */
final class DocumentAttention {
  private final ModelConfig config;
  private final List<Segment> documents;
  private final IntFunction<List<Optional<Tensor>>> masks;

  /**
   * Prepares the masks.
   *
   * @throws IllegalArgumentException if a segment continues another
   */
  DocumentAttention(ModelConfig config, Ragged sequences) {
    this.config = config;
    this.documents = sequences.segments();
    for (int i = 0; i < documents.size(); i++) {
      if (documents.get(i).parent() != i) {
        throw new IllegalArgumentException("segment " + i + " continues another");
      }
    }
    this.masks = sequences.masks(config);
  }

  /**
   * What a pass gave, and what its gradient needs.
   *
   * @param documents one operation each
   * @param output (rows, heads · dim), type of the products
   */
  record Applied(List<FlashAttention> documents, Tensor output) {
    void keep(Scope scope) {
      for (FlashAttention document : documents) {
        scope.keep(document.q());
        scope.keep(document.k());
        scope.keep(document.v());
        scope.keep(document.output());
        scope.keep(document.logSumExp());
      }
    }
  }

  /**
   * Attention of one layer.
   *
   * @param q (rows, heads, dim), rotated, F32
   * @param k (rows, key-value heads, dim), rotated, F32
   * @param v as k, F32
   */
  Applied apply(int layer, Tensor q, Tensor k, Tensor v, DType products) {
    List<Optional<Tensor>> own = masks.apply(layer);
    Tensor output = Tensor.zeros(products, q.shape());
    List<FlashAttention> all = new ArrayList<>(documents.size());
    for (int i = 0; i < documents.size(); i++) {
      Segment document = documents.get(i);
      FlashAttention one =
          FlashAttention.of(
              grouped(q, document),
              shared(k, document),
              shared(v, document),
              own.get(i).orElse(null),
              config.queryScale());
      grouped(output, document).copyFrom(one.output());
      all.add(one);
    }
    return new Applied(all, output.view(q.size(0), q.size(1) * q.size(2)));
  }

  /**
   * Overwrites the gradients by q, k and v in the rows of documents.
   *
   * @param gradient by the output, F32
   */
  void backward(Applied pass, Tensor gradient, Tensor byQ, Tensor byK, Tensor byV) {
    Tensor heads = gradient.view(byQ.shape());
    for (int i = 0; i < documents.size(); i++) {
      Segment document = documents.get(i);
      FlashAttention.Gradients by = pass.documents.get(i).backward(grouped(heads, document));
      grouped(byQ, document).copyFrom(by.q());
      columns(byK, document).copyFrom(by.k().sum(1));
      columns(byV, document).copyFrom(by.v().sum(1));
    }
  }

  // (rows, heads, dim) to (key-value heads, group, document's rows, dim)
  private Tensor grouped(Tensor all, Segment document) {
    long kept = config.keyValueHeads();
    return all.narrow(0, document.start(), document.length())
        .view(document.length(), kept, config.heads() / kept, config.headWidth())
        .permute(1, 2, 0, 3);
  }

  // (rows, key-value heads, dim) to (key-value heads, document's rows, dim)
  private static Tensor columns(Tensor all, Segment document) {
    return all.narrow(0, document.start(), document.length()).permute(1, 0, 2);
  }

  // the group's heads are one and the same memory
  private Tensor shared(Tensor all, Segment document) {
    return columns(all, document)
        .unsqueeze(1)
        .expand(
            config.keyValueHeads(),
            config.heads() / config.keyValueHeads(),
            document.length(),
            config.headWidth());
  }
}
