package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Tensor;
import java.util.Objects;

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
  public Tensor logits(Tensor hidden) {
    return Native.withoutGradients(() -> adapted.logits(hidden));
  }

  @Override
  public Tensor backThroughHead(Tensor hidden, Tensor gradient, double weight) {
    if (!adapted.changesHead()) {
      return TrainedDecoder.super.backThroughHead(hidden, gradient, weight);
    }
    Tensor leaf = hidden.detach().requireGradient();
    adapted.logits(leaf).backward(gradient.to(DType.F32).timesInPlace(weight));
    // the gradient itself ends with its leaf
    return Objects.requireNonNull(leaf.gradient()).detach();
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
