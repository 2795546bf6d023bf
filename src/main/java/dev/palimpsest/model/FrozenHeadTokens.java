package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;

/** Rows of some tokens that train in a frozen head, with their gradient written out. */
record FrozenHeadTokens(TokenRows own) {
  /**
   * Adds to the gradient of the rows, and takes their tokens' columns out of the gradient by the
   * logits, as the head's own rows of them are in no product.
   *
   * @param hidden (rows, width), F32
   * @param gradient by the logits, (rows, vocabulary), F32; overwritten
   * @return the gradient by hidden through these tokens, (rows, width), F32
   */
  Tensor backward(Tensor hidden, Tensor gradient, double weight) {
    Tensor columns = gradient.transpose(0, 1);
    Tensor ids = own.indices();
    Tensor byLogits = columns.rows(ids).timesInPlace(weight);
    columns.copyRowsFrom(byLogits.newZeros(DType.F32, byLogits.shape()), ids);
    FrozenProjection.into(own.rows()).plusMatmulInPlace(byLogits, hidden);
    return byLogits.transpose(0, 1).matmul(own.rows().detach());
  }
}
