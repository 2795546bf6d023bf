package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A frozen embedding under factors that train, with its gradient written out: the input of a row
 * names one token, so A gives and gets one column.
 *
 * @param factors A (rank, vocabulary), B (width, rank); null for none
 * @param scale of all embeddings
 */
record FrozenEmbedding(@Nullable Factors factors, double scale) {
  boolean trains() {
    return factors != null;
  }

  /**
   * Adds to the gradients of the factors.
   *
   * @param gradient by the embeddings, (rows, width), F32
   */
  void collect(int[] ids, Tensor gradient) {
    if (factors == null) {
      return;
    }
    Tensor tokens = Tensor.ofIndices(ids);
    Tensor byProduct = gradient.times(scale * factors.scale());
    Tensor columns = factors.a().detach().transpose(0, 1).rows(tokens);
    FrozenProjection.into(factors.b()).plusMatmulInPlace(byProduct.transpose(0, 1), columns);
    FrozenProjection.into(factors.a())
        .transpose(0, 1)
        .plusRowsInPlace(byProduct.matmul(factors.b().detach()), tokens);
  }
}
