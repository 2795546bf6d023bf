package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;

/** A decoder as training sees it: its passes can be sent back to what trains. */
public interface TrainedDecoder extends AutoCloseable {
  /**
   * A pass over documents that see only themselves and what they continue; it lives in the scope
   * that is open.
   *
   * @param rows whose hidden states are wanted
   */
  Pass forward(Ragged documents, int[] rows);

  /** What lies under all that trains as an adapter does. */
  Decoder decoder();

  /**
   * Logits of chosen rows, without graph.
   *
   * @param hidden some rows of {@link Pass#hidden}
   * @return (rows, vocabulary), F32 or in the type of the products
   */
  default Tensor logits(Tensor hidden) {
    return decoder().logits(hidden);
  }

  /**
   * The gradient by hidden rows, given the one by their logits, times a weight; adds to the head's
   * gradient where it trains.
   *
   * @param hidden some rows of {@link Pass#hidden}
   * @param gradient by their logits, in their shape and type; may be overwritten
   * @return (rows, width), F32
   */
  default Tensor backThroughHead(Tensor hidden, Tensor gradient, double weight) {
    return decoder().backThroughHead(gradient).timesInPlace(weight);
  }

  /** Takes over parameters that an optimiser has moved. */
  void refresh();

  @Override
  void close();

  /** One pass. */
  interface Pass {
    /** The last layer's normalised output at the wanted rows, (rows, width), F32, without graph. */
    Tensor hidden();

    /**
     * Adds to the gradients of all that trains; at most once.
     *
     * @param gradient by {@link #hidden}, in its shape
     */
    void backward(Tensor gradient);
  }
}
