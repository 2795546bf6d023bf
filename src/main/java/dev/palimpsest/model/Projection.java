package dev.palimpsest.model;

import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Linear modules that share one input, multiplied as one matrix: queries, keys and values; gate and
 * up.
 *
 * @param modules Hugging Face names, in the order of their rows
 * @param widths output width of each module
 * @param weight (sum of widths, in)
 * @param bias (sum of widths), F32, or null for none
 */
record Projection(
    List<String> modules, List<Integer> widths, Weight weight, @Nullable Tensor bias) {

  /**
   * All modules' outputs side by side, (rows, sum of widths), in the type of the products.
   *
   * @param x (rows, in)
   */
  Tensor apply(Tensor x, Adaptation adaptation) {
    Tensor input = x.to(weight.products());
    return adaptation.adapt(this, input, plain(input));
  }

  /** The same with a change that stays as it is; itself, where there is none. */
  Projection under(Map<String, Factors> frozen) {
    try (Scope scope = Scope.open()) {
      JoinedFactors change = JoinedFactors.of(this, frozen);
      if (change.isEmpty()) {
        return this;
      }
      change.tensors().forEach(scope::release);
      return new Projection(modules, widths, new Weight.Adapted(weight, change), bias);
    }
  }

  /** Outputs without the bias. */
  Tensor unbiased(Tensor outputs) {
    return bias == null ? outputs : outputs.minus(bias.to(outputs.dtype()));
  }

  /** The same without an adapter, of an input in the type of the products; a tensor of its own. */
  Tensor plain(Tensor input) {
    Tensor plain = weight.linear(input);
    return bias == null ? plain : plain.plus(bias.to(weight.products()));
  }
}
