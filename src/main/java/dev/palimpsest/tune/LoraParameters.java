package dev.palimpsest.tune;

import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.EndWeights;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Svd;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The factors that train: views of one flat vector of parameters, whose gradients add up in one
 * flat vector beside it. An optimiser therefore sees two tensors, whatever the number of modules.
 */
final class LoraParameters implements AutoCloseable {
  private final FactorLayout layout;
  private final Tensor parameters;
  private final Tensor gradient;
  private final Optional<Tensor> start;
  private final Map<String, Factors> factors;
  private final EndWeights ends;
  private final List<Tensor> views = new ArrayList<>();

  /**
   * Fresh factors, which change nothing: A by Kaiming's uniform draw with slope √5, as PEFT has it,
   * so within ±1/√in; B zero; magnitudes the norms of the base's rows. Of an embedding A is zero
   * and B normal, as PEFT has that.
   */
  static LoraParameters fresh(FactorLayout layout, Decoder base, Seeds seeds) {
    LoraParameters made = new LoraParameters(layout, base.device(), false);
    made.factors.forEach(
        (name, factors) -> {
          if (name.equals(ModelTensors.EMBEDDING_MODULE)) {
            drawNormal(factors.b(), seeds.generator(name));
          } else {
            draw(factors.a(), seeds.generator(name));
          }
          Tensor magnitude = factors.magnitude();
          if (magnitude != null) {
            try (Scope _ = Scope.open()) {
              magnitude.detach().copyFrom(factors.rowNorms(base.weight(name)));
            }
          }
        });
    made.copyRows(base);
    return made;
  }

  /** Rows of tokens begin as the base's. */
  private void copyRows(Decoder base) {
    try (Scope _ = Scope.open()) {
      ends.rows()
          .forEach((module, own) -> own.rows().detach().copyFrom(base.rows(module, own.ids())));
    }
  }

  /**
   * PiSSA's factors (Meng et al., 2404.02948; PEFT's {@code pissa_init}): B = U · √(S / scale) and
   * A = √(S / scale) · Vᵀ of the base's largest singular values. They are their own start.
   */
  static LoraParameters principal(FactorLayout layout, Decoder base) {
    LoraParameters made = new LoraParameters(layout, base.device(), true);
    made.factors.forEach((name, factors) -> decompose(factors, base.weight(name)));
    made.copyRows(base);
    made.start.orElseThrow().copyFrom(made.parameters);
    return made;
  }

  /**
   * Checks that {@link #principal} can take place.
   *
   * @throws BadInput if a module has fewer singular values than its rank
   */
  static void requireRanks(FactorLayout layout) {
    layout.modules().forEach(LoraParameters::requireRank);
  }

  private static void requireRank(String name, FactorLayout.Form form) {
    if (form.rank() > Math.min(form.in(), form.out())) {
      throw new BadInput(
          "--rank "
              + form.rank()
              + ": "
              + name
              + " has only "
              + Math.min(form.in(), form.out())
              + " singular values; give a smaller --rank, or --rank-pattern for this module");
    }
  }

  private static void decompose(Factors factors, Tensor weight) {
    try (Scope _ = Scope.open()) {
      Svd svd = Svd.of(weight.to(DType.F32).to(Device.CPU)); // the same whatever trains
      int rank = factors.rank();
      Tensor roots = svd.s().narrow(0, 0, rank).times(1 / factors.scale()).sqrt();
      factors.a().detach().copyFrom(svd.vt().narrow(0, 0, rank).times(roots.unsqueeze(1)));
      factors.b().detach().copyFrom(svd.u().narrow(1, 0, rank).times(roots));
    }
  }

  /** Parameters that copy given factors: an adapter that trains on. */
  static LoraParameters from(Map<String, Factors> given, Device device) {
    return from(given, FactorLayout.of(given), device);
  }

  /** The same, and rows of tokens that begin as the base's. */
  static LoraParameters from(Map<String, Factors> given, RowLayout rows, Decoder base) {
    LoraParameters made = from(given, FactorLayout.of(given).with(rows), base.device());
    made.copyRows(base);
    return made;
  }

  private static LoraParameters from(
      Map<String, Factors> given, FactorLayout layout, Device device) {
    LoraParameters made = new LoraParameters(layout, device, false);
    try (Scope _ = Scope.open()) {
      made.factors.forEach(
          (name, factors) -> {
            List<Tensor> sources = Objects.requireNonNull(given.get(name)).tensors();
            for (int i = 0; i < sources.size(); i++) {
              factors.tensors().get(i).detach().copyFrom(sources.get(i));
            }
          });
    }
    return made;
  }

  private LoraParameters(FactorLayout layout, Device device, boolean started) {
    this.layout = layout;
    try (Scope scope = Scope.open()) {
      parameters = scope.release(Tensor.zeros(device, DType.F32, layout.size()));
      gradient = scope.release(Tensor.zeros(device, DType.F32, layout.size()));
      Map<String, Factors> leaves = layout.factors((at, shape) -> leaf(scope, at, shape));
      ends = layout.ends((at, shape) -> leaf(scope, at, shape));
      if (started) {
        Tensor first = scope.release(Tensor.zeros(device, DType.F32, layout.size()));
        start = Optional.of(first);
        factors =
            FactorLayout.from(layout.factors((at, shape) -> view(scope, first, at, shape)), leaves);
      } else {
        start = Optional.empty();
        factors = leaves;
      }
    }
  }

  private Tensor leaf(Scope scope, long offset, long... shape) {
    return view(scope, parameters, offset, shape)
        .collectGradientIn(view(scope, gradient, offset, shape));
  }

  private Tensor view(Scope scope, Tensor flat, long offset, long... shape) {
    Tensor view =
        scope.release(flat.narrow(0, offset, FlatView.elements(shape)).view(shape).detach());
    views.add(view);
    return view;
  }

  private static void drawNormal(Tensor b, RandomGenerator random) {
    float[] values = new float[Math.toIntExact(b.count())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    try (Scope _ = Scope.open()) {
      b.detach().copyFrom(Tensor.of(values, b.shape()));
    }
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

  /** Where the factors lie. */
  FactorLayout layout() {
    return layout;
  }

  /** All parameters, F32; factors are views of it. */
  Tensor parameters() {
    return parameters;
  }

  /** Gradients by all parameters, F32. */
  Tensor gradient() {
    return gradient;
  }

  /** Where all parameters began, F32, if the base holds that already. */
  Optional<Tensor> start() {
    return start;
  }

  /** By module name, in the order of the modules. */
  Map<String, Factors> factors() {
    return factors;
  }

  /** Rows of tokens in the place of the base's. */
  EndWeights ends() {
    return ends;
  }

  @Override
  public void close() {
    views.forEach(Tensor::close);
    parameters.close();
    gradient.close();
    start.ifPresent(Tensor::close);
  }
}
