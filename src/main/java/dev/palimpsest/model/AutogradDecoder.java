package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;

/** Gradients by libtorch's graph: the general way, and the reference of the one written out. */
public record AutogradDecoder(AdaptedDecoder adapted) implements TrainedDecoder {
  @Override
  public Pass forward(Ragged documents, int[] rows) {
    Tensor hidden = adapted.hidden(documents).rows(Tensor.ofIndices(rows));
    return new Pass() {
      @Override
      public Tensor hidden() {
        return hidden.detach();
      }

      @Override
      public void backward(Tensor gradient) {
        hidden.backward(gradient);
      }
    };
  }

  @Override
  public Decoder decoder() {
    return adapted.decoder();
  }

  @Override
  public void refresh() {} // the graph reads the parameters themselves

  @Override
  public void close() {}
}
