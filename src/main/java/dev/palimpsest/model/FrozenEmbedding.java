package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A frozen embedding under factors that train, with its gradient written out: the input of a row
 * names one token, so A gives and gets one column.
 *
 * @param tokens whose rows train; null for none
 * @param factors A (rank, vocabulary), B (width, rank); null for none
 * @param scale of all embeddings
 */
record FrozenEmbedding(@Nullable TokenRows tokens, @Nullable Factors factors, double scale) {
  boolean trains() {
    return tokens != null || factors != null;
  }

  /**
   * Adds to the gradients of rows and factors.
   *
   * @param gradient by the embeddings, (rows, width), F32
   */
  void collect(int[] ids, Tensor gradient) {
    if (tokens != null) {
      Tensor into = FrozenProjection.into(tokens.rows());
      tokens
          .in(ids)
          .ifPresent(
              at -> into.plusRowsInPlace(gradient.rows(at.places()).times(scale), at.rows()));
    }
    if (factors != null) {
      collect(factors, Tensor.ofIndices(ids), gradient);
    }
  }

  private void collect(Factors factors, Tensor ids, Tensor gradient) {
    Tensor byProduct = gradient.times(scale * factors.scale());
    Tensor columns = factors.a().detach().transpose(0, 1).rows(ids);
    FrozenProjection.into(factors.b()).plusMatmulInPlace(byProduct.transpose(0, 1), columns);
    FrozenProjection.into(factors.a())
        .transpose(0, 1)
        .plusRowsInPlace(byProduct.matmul(factors.b().detach()), ids);
  }
}
