package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.RmsNorm;
import dev.palimpsest.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of what lies outside the blocks; null where it does not train.
 *
 * @param scale of the embeddings
 * @param head the embedding's gradient where the two are tied
 */
record TrainedEnds(
    DType products,
    double scale,
    @Nullable Tensor embedding,
    @Nullable Tensor norm,
    @Nullable Tensor head) {
  static TrainedEnds of(Decoder decoder, WeightGradients gradients) {
    return new TrainedEnds(
        decoder.weights().head().products(),
        decoder.embeddingScale(),
        gradients.of(ModelTensors.EMBEDDING).orElse(null),
        gradients.of(ModelTensors.NORM).orElse(null),
        gradients
            .of(decoder.config().tiedHead() ? ModelTensors.EMBEDDING : ModelTensors.HEAD)
            .orElse(null));
  }

  boolean embeddingTrains() {
    return embedding != null;
  }

  /**
   * Adds weight · gradientᵀ · hidden.
   *
   * @param hidden (rows, width), F32
   * @param gradient by the logits, (rows, vocabulary), F32
   */
  void collectHead(Tensor hidden, Tensor gradient, double weight) {
    if (head != null) {
      TrainedProjection.addProduct(
          head, gradient.to(products).transpose(0, 1), hidden.to(products), weight);
    }
  }

  /** Adds the final norm's, given the gradient by its output. */
  void collectNorm(RmsNorm pass, Tensor gradient) {
    if (norm != null) {
      FrozenNorm.addWeightGradient(pass, gradient, norm);
    }
  }

  /** Adds the rows of the gradient by the embeddings to those of their tokens. */
  void collectEmbedding(int[] ids, Tensor gradient) {
    if (embedding != null) {
      embedding.plusRowsInPlace(gradient.times(scale), Tensor.ofIndices(ids));
    }
  }
}
