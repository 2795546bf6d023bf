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
import java.util.Objects;
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
  static LoraParameters fresh(AdapterConfig config, ModelConfig model, Seeds seeds) {
    LoraParameters made = new LoraParameters(forms(config, model));
    made.factors.forEach((name, factors) -> draw(factors.a(), seeds.generator(name)));
    return made;
  }

  /**
   * The factors that a flat vector of parameters holds, as views of it, in the caller's scope.
   *
   * @throws BadInput if the vector is of another length than the configuration asks for
   */
  static Map<String, Factors> views(Tensor flat, AdapterConfig config, ModelConfig model) {
    Map<String, Form> forms = forms(config, model);
    long size = forms.values().stream().mapToLong(Form::count).sum();
    if (flat.count() != size) {
      throw new BadInput(flat.count() + " parameters, the adapter's settings ask for " + size);
    }
    Map<String, Factors> views = new LinkedHashMap<>();
    long offset = 0;
    for (Map.Entry<String, Form> module : forms.entrySet()) {
      Form form = module.getValue();
      long inner = (long) form.rank * form.in;
      views.put(
          module.getKey(),
          new Factors(
              flat.narrow(0, offset, inner).view(form.rank, form.in),
              flat.narrow(0, offset + inner, form.count() - inner).view(form.out, form.rank),
              form.scale));
      offset += form.count();
    }
    return views;
  }

  private static Map<String, Form> forms(AdapterConfig config, ModelConfig model) {
    Map<String, Form> forms = new LinkedHashMap<>();
    modules(config, model)
        .forEach(
            (name, linear) ->
                forms.put(
                    name,
                    new Form(
                        config.rank(name),
                        Math.toIntExact(linear.in()),
                        Math.toIntExact(linear.out()),
                        config.scale(name))));
    return forms;
  }

  private static Map<String, ModelTensors.Linear> modules(AdapterConfig config, ModelConfig model) {
    Map<String, ModelTensors.Linear> modules = config.modules(model);
    if (modules.isEmpty()) {
      throw new BadInput(
          "--targets "
              + config.targets()
              + ": no module of this model; try all-linear, or names such as q_proj,v_proj");
    }
    return modules;
  }

  /** Parameters that copy given factors: an adapter that trains on. */
  static LoraParameters from(Map<String, Factors> given) {
    Map<String, Form> forms = new LinkedHashMap<>();
    given.forEach(
        (name, factors) ->
            forms.put(
                name,
                new Form(
                    factors.rank(),
                    Math.toIntExact(factors.a().size(1)),
                    Math.toIntExact(factors.b().size(0)),
                    factors.scale())));
    LoraParameters made = new LoraParameters(forms);
    try (Scope _ = Scope.open()) {
      made.factors.forEach(
          (name, factors) -> {
            Factors source = Objects.requireNonNull(given.get(name));
            factors.a().detach().copyFrom(source.a());
            factors.b().detach().copyFrom(source.b());
          });
    }
    return made;
  }

  /** Sizes of one module's factors. */
  private record Form(int rank, int in, int out, double scale) {
    long count() {
      return (long) rank * (in + out);
    }
  }

  private LoraParameters(Map<String, Form> forms) {
    long size = forms.values().stream().mapToLong(Form::count).sum();
    try (Scope scope = Scope.open()) {
      parameters = scope.release(Tensor.zeros(DType.F32, size));
      gradient = scope.release(Tensor.zeros(DType.F32, size));
      long offset = 0;
      for (Map.Entry<String, Form> module : forms.entrySet()) {
        Form form = module.getValue();
        Tensor a = leaf(scope, offset, form.rank, form.in);
        Tensor b = leaf(scope, offset + a.count(), form.out, form.rank);
        offset += form.count();
        factors.put(module.getKey(), new Factors(a, b, form.scale));
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

  private static void draw(Tensor a, RandomGenerator random) {
    double bound = 1 / Math.sqrt((double) a.size(1));
    float[] values = new float[Math.toIntExact(a.count())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    try (Scope _ = Scope.open()) {
      a.detach().copyFrom(Tensor.of(values, a.shape()));
    }
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
