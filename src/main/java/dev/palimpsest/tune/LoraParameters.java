package dev.palimpsest.tune;

import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelConfig.LinearModule;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The factors that train: views of one flat vector of parameters, whose gradients add up in one
 * flat vector beside it. An optimiser therefore sees two tensors, whatever the number of modules.
 */
final class LoraParameters implements AutoCloseable {
  private final Tensor parameters;
  private final Tensor gradient;
  private final Map<String, Factors> factors = new LinkedHashMap<>();
  private final List<Tensor> views = new ArrayList<>();

  /**
   * Factors for modules: A by Kaiming's uniform draw with slope √5, as PEFT has it, so within
   * ±1/√in; B zero.
   */
  LoraParameters(List<LinearModule> modules, int rank, double scale, Seeds seeds) {
    long size = modules.stream().mapToLong(m -> (long) rank * (m.in() + m.out())).sum();
    try (Scope scope = Scope.open()) {
      parameters = scope.release(Tensor.zeros(DType.F32, size));
      gradient = scope.release(Tensor.zeros(DType.F32, size));
      long offset = 0;
      for (LinearModule module : modules) {
        Tensor a = leaf(scope, offset, rank, module.in());
        offset += a.count();
        Tensor b = leaf(scope, offset, module.out(), rank);
        offset += b.count();
        draw(offset - a.count() - b.count(), module, rank, seeds.generator(module.name()));
        factors.put(module.name(), new Factors(a, b, scale));
      }
    }
  }

  private Tensor leaf(Scope scope, long offset, int rows, int columns) {
    long count = (long) rows * columns;
    Tensor view = scope.release(parameters.narrow(0, offset, count).view(rows, columns).detach());
    Tensor into = scope.release(gradient.narrow(0, offset, count).view(rows, columns));
    views.add(view);
    views.add(into);
    return view.collectGradientIn(into);
  }

  private void draw(long offset, LinearModule module, int rank, RandomGenerator random) {
    double bound = 1 / Math.sqrt(module.in());
    float[] values = new float[rank * module.in()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    parameters.narrow(0, offset, values.length).copyFrom(Tensor.of(values, values.length));
  }

  /** All parameters, F32; factors are views of it. */
  Tensor parameters() {
    return parameters;
  }

  /** Gradients by all parameters, F32. */
  Tensor gradient() {
    return gradient;
  }

  /** By module name, in the order of the modules. */
  Map<String, Factors> factors() {
    return factors;
  }

  @Override
  public void close() {
    views.forEach(Tensor::close);
    parameters.close();
    gradient.close();
  }
}
