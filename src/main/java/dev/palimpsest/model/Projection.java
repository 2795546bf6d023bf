package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
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
    List<String> modules, List<Integer> widths, Tensor weight, @Nullable Tensor bias) {

  /**
   * Each module's output, (rows, width) in the type of the products.
   *
   * @param x (rows, in)
   * @param factors adapter factors by module name; modules without any are left plain
   */
  List<Tensor> apply(Tensor x, Map<String, Factors> factors) {
    DType type = weight.dtype();
    Tensor input = x.to(type);
    Tensor all = Functional.linear(input, weight);
    if (bias != null) {
      all = all.plus(bias.to(type));
    }
    List<Tensor> down = down(input, factors);
    List<Tensor> outputs = new ArrayList<>(modules.size());
    long start = 0;
    int next = 0;
    for (int i = 0; i < modules.size(); i++) {
      Tensor plain = all.narrow(1, start, widths.get(i));
      start += widths.get(i);
      Factors low = factors.get(modules.get(i));
      if (low == null) {
        outputs.add(plain);
      } else {
        Tensor b = low.b().times(low.scale()).to(type);
        outputs.add(plain.plus(Functional.linear(down.get(next++), b)));
      }
    }
    return outputs;
  }

  /** x · Aᵀ of every adapted module by one product, cut by module. */
  private List<Tensor> down(Tensor input, Map<String, Factors> factors) {
    List<Tensor> as = new ArrayList<>(modules.size());
    for (String module : modules) {
      Factors low = factors.get(module);
      if (low != null) {
        as.add(low.a().to(input.dtype()));
      }
    }
    if (as.isEmpty()) {
      return List.of();
    }
    Tensor all = Functional.linear(input, as.size() == 1 ? as.getFirst() : Tensor.cat(0, as));
    List<Tensor> parts = new ArrayList<>(as.size());
    long start = 0;
    for (Tensor a : as) {
      parts.add(all.narrow(1, start, a.size(0)));
      start += a.size(0);
    }
    return parts;
  }
}
