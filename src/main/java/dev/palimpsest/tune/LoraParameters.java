package dev.palimpsest.tune;

import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.BadInput;
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
   * Fresh factors: A by Kaiming's uniform draw with slope √5, as PEFT has it, so within ±1/√in; B
   * zero.
   */
  LoraParameters(AdapterConfig config, ModelConfig model, Seeds seeds) {
    Map<String, ModelTensors.Linear> modules = config.modules(model);
    if (modules.isEmpty()) {
      throw new BadInput(
          "--targets "
              + config.targets()
              + ": no module of this model; try all-linear, or names such as q_proj,v_proj");
    }
    long size = 0;
    for (Map.Entry<String, ModelTensors.Linear> module : modules.entrySet()) {
      ModelTensors.Linear linear = module.getValue();
      size += (long) config.rank(module.getKey()) * (linear.in() + linear.out());
    }
    try (Scope scope = Scope.open()) {
      parameters = scope.release(Tensor.zeros(DType.F32, size));
      gradient = scope.release(Tensor.zeros(DType.F32, size));
      long offset = 0;
      for (Map.Entry<String, ModelTensors.Linear> module : modules.entrySet()) {
        String name = module.getKey();
        int rank = config.rank(name);
        int in = Math.toIntExact(module.getValue().in());
        draw(offset, rank, in, seeds.generator(name));
        Tensor a = leaf(scope, offset, rank, in);
        Tensor b = leaf(scope, offset + a.count(), Math.toIntExact(module.getValue().out()), rank);
        offset += a.count() + b.count();
        factors.put(name, new Factors(a, b, config.scale(name)));
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

  private void draw(long offset, int rank, int in, RandomGenerator random) {
    double bound = 1 / Math.sqrt(in);
    float[] values = new float[rank * in];
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
