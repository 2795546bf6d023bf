package dev.palimpsest.model;

import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** A feed-forward part with its gradient written out. */
interface FrozenFeedForward {
  static FrozenFeedForward of(
      ModelConfig config,
      FeedForward part,
      Map<String, Factors> factors,
      WeightGradients gradients) {
    return switch (part) {
      case FeedForward.Dense dense -> new FrozenDense(config, dense, factors, gradients);
      case FeedForward.Experts experts -> new FrozenExperts(config, experts, factors, gradients);
    };
  }

  List<FrozenProjection> projections();

  /**
   * The part forward.
   *
   * @param x (rows, width), normalised
   */
  Applied apply(Tensor x);

  /** What a pass gave, and what its gradient needs. */
  interface Applied {
    /** (rows, width); it is not kept. */
    Tensor output();

    void keep(Scope scope);

    /**
     * Adds to the gradients of what trains.
     *
     * @param x the pass's input
     * @param gradient by the output, (rows, width), F32
     * @return the gradient by the input, (rows, width)
     */
    Tensor backward(Tensor x, Tensor gradient);
  }
}
