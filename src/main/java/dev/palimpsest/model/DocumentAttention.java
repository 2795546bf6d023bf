package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tensor.VectorAttention;
import dev.palimpsest.tensor.VectorAttention.Inputs;

/**
 * Attention of documents to themselves, with its gradient written out. A document may continue
 * others: it sees their rows before its own, and adds to their gradients. Rows past the last
 * document neither see nor are seen.
 */
interface DocumentAttention {
  /** Where a decoder lies. */
  static DocumentAttention of(Decoder decoder, Ragged sequences) {
    ModelConfig config = decoder.config();
    if (decoder.device() != Device.CPU) {
      return new PaddedDocuments(config, sequences, decoder.device());
    }
    return VectorAttention.isThere()
        ? new VectorDocuments(config, sequences)
        : new TiledDocuments(config, sequences);
  }

  /** Bytes that a pass keeps of a row. */
  static long keptBytes(ModelConfig config, DType products) {
    return VectorAttention.isThere()
        ? VectorDocuments.keptBytes(config, products)
        : TiledDocuments.keptBytes(config, products);
  }

  /**
   * Attention in one layer.
   *
   * @param heads not rotated
   */
  Applied apply(int layer, Inputs heads, Decoder.Angles angles, DType products);

  /** What a pass gave, and what its gradient needs. */
  interface Applied {
    /** (rows, heads · dim), type of the products. */
    Tensor output();

    /** Keeps what the gradient needs, from which the output can be made again. */
    void keep(Scope scope);

    /**
     * Overwrites the gradients in the rows of documents.
     *
     * @param gradient by the output, (rows, heads · dim), type of the products
     */
    void backward(Tensor gradient, Inputs by);
  }
}
