package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** Where the gradients of a decoder's own weights add up, for those that train. */
interface WeightGradients {
  /** No weight trains. */
  WeightGradients NONE =
      new WeightGradients() {
        @Override
        public Optional<Tensor> of(List<String> names) {
          return Optional.empty();
        }

        @Override
        public void refresh() {}
      };

  /**
   * The gradient of some tensors, one below the other, F32; empty unless all of them train.
   *
   * @param names Hugging Face's, with {@code .weight} or {@code .bias}
   */
  Optional<Tensor> of(List<String> names);

  /** Takes the weights over as the optimiser has left them. */
  void refresh();

  /** Of one tensor. */
  default Optional<Tensor> of(String name) {
    return of(List.of(name));
  }
}
