package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.PackedMatrix;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Embedding and head of a decoder with what an adapter makes of them, in PEFT's order: a whole
 * matrix in the place of the base's, then rows of some tokens, then factors.
 *
 * @param embedding (vocabulary, width)
 * @param tokens of the embedding; null for none
 * @param factors of the embedding, A (rank, vocabulary) and B (width, rank); null for none
 * @param head (vocabulary, width)
 * @param headTokens whose logits are their own; null for none
 * @param headRows the same tokens' rows, in the type of the products; null for none
 */
record Ends(
    Decoder decoder,
    Tensor embedding,
    @Nullable TokenRows tokens,
    @Nullable Factors factors,
    Projection head,
    @Nullable TokenRows headTokens,
    @Nullable Weight headRows) {

  /** Of a decoder under an adapter; gradients flow to rows and factors. */
  static Ends of(Decoder decoder, EndWeights own, Map<String, Factors> factors) {
    return new Ends(
        decoder,
        Optional.ofNullable(own.whole().get(ModelTensors.EMBEDDING_MODULE))
            .orElse(decoder.weights().embedding()),
        own.rows().get(ModelTensors.EMBEDDING_MODULE),
        factors.get(ModelTensors.EMBEDDING_MODULE),
        head(decoder, own),
        own.rows().get(ModelTensors.HEAD_MODULE),
        null);
  }

  private static Projection head(Decoder decoder, EndWeights own) {
    Tensor whole = own.whole().get(ModelTensors.HEAD_MODULE);
    Weight base = decoder.weights().head();
    return projection(whole == null ? base : new Weight.Plain(whole.to(base.products())));
  }

  private static Projection projection(Weight weight) {
    return new Projection(
        List.of(ModelTensors.HEAD_MODULE), List.of(Math.toIntExact(weight.out())), weight, null);
  }

  /**
   * The same for many passes without gradients: matrices of the adapter's are laid out for their
   * products, in the scope that is open.
   */
  Ends prepared() {
    return new Ends(
        decoder,
        embedding,
        tokens,
        factors,
        projection(laidOut(head.weight())),
        headTokens,
        headTokens == null
            ? null
            : laidOut(new Weight.Plain(headTokens.rows().detach().to(head.weight().products()))));
  }

  private static Weight laidOut(Weight weight) {
    return weight instanceof Weight.Plain(Tensor matrix) && PackedMatrix.pays(matrix)
        ? new Weight.Packed(PackedMatrix.of(matrix), Optional.of(matrix))
        : weight;
  }

  /** {@link Weight#rowsThatStandAlone} of the head's products. */
  int rowsThatStandAlone() {
    int whole = head.weight().rowsThatStandAlone();
    return headTokens == null
        ? whole
        : Math.min(whole, headRows == null ? 1 : headRows.rowsThatStandAlone());
  }

  /** The rows' embeddings, (rows, width), F32. */
  Tensor embed(int[] ids) {
    Tensor x = embedding.rows(Tensor.ofIndices(ids)).to(DType.F32);
    if (tokens != null) {
      Tensor rows = tokens.rows();
      tokens.in(ids).ifPresent(at -> x.copyRowsFrom(rows.rows(at.rows()), at.places()));
    }
    if (factors != null) {
      Tensor low = factors.a().transpose(0, 1).rows(Tensor.ofIndices(ids));
      return scaled(x.plus(Functional.linear(low, factors.b()).times(factors.scale())));
    }
    return scaled(x);
  }

  private Tensor scaled(Tensor x) {
    return decoder.embeddingScale() == 1 ? x : x.times(decoder.embeddingScale());
  }

  /**
   * Logits of chosen rows.
   *
   * @param hidden (rows, width), F32
   * @return (rows, vocabulary), F32 or in the type of the products
   */
  Tensor logits(Tensor hidden, Adaptation adaptation) {
    Tensor input = hidden.to(head.weight().products());
    return adaptation.adapt(head, input, plain(input));
  }

  /** Logits without factors, in the type of the products. */
  Tensor plain(Tensor input) {
    Tensor logits = head.plain(input);
    if (headTokens != null) {
      logits
          .transpose(0, 1)
          .copyRowsFrom(ofTokens(input, headTokens).transpose(0, 1), headTokens.indices());
    }
    return logits;
  }

  private Tensor ofTokens(Tensor input, TokenRows own) {
    return headRows == null
        ? Functional.linear(input, own.rows().to(input.dtype()))
        : headRows.linear(input);
  }
}
