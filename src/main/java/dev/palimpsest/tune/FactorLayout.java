package dev.palimpsest.tune;

import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.EndWeights;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Where the factors of all modules lie in one flat vector: first every A, then every B, then every
 * magnitude, so that an optimiser can give each its own rate, and then the rows of tokens.
 *
 * @param modules by name, in the order of the computation
 */
record FactorLayout(Map<String, Form> modules, RowLayout rows) {
  /** Of factors alone. */
  FactorLayout(Map<String, Form> modules) {
    this(modules, RowLayout.NONE);
  }

  /** The same with rows of tokens behind. */
  FactorLayout with(RowLayout others) {
    return new FactorLayout(modules, others);
  }

  /**
   * Sizes of one module's factors.
   *
   * @param decomposed whether it has a magnitude
   */
  record Form(int rank, int in, int out, double scale, boolean decomposed) {
    static Form of(Factors factors) {
      return new Form(
          factors.rank(),
          Math.toIntExact(factors.a().size(1)),
          Math.toIntExact(factors.b().size(0)),
          factors.scale(),
          factors.magnitude() != null);
    }
  }

  /** A piece of the flat vector as a matrix or a vector. */
  @FunctionalInterface
  interface Cut {
    Tensor at(long offset, long... shape);
  }

  /** The factors that a configuration asks for. */
  static FactorLayout of(AdapterConfig config, ModelConfig model) {
    Map<String, Form> forms = new LinkedHashMap<>();
    config
        .modules(model)
        .forEach(
            (name, linear) ->
                forms.put(
                    name,
                    new Form(
                        config.rank(name),
                        Math.toIntExact(linear.in()),
                        Math.toIntExact(linear.out()),
                        config.scale(name),
                        config.weightDecomposed())));
    return new FactorLayout(forms);
  }

  /** The factors that are there. */
  static FactorLayout of(Map<String, Factors> given) {
    Map<String, Form> forms = new LinkedHashMap<>();
    given.forEach((name, factors) -> forms.put(name, Form.of(factors)));
    return new FactorLayout(forms);
  }

  /** Elements of every A. */
  long ofA() {
    return modules.values().stream().mapToLong(form -> (long) form.rank * form.in).sum();
  }

  /** Elements of every B. */
  long ofB() {
    return modules.values().stream().mapToLong(form -> (long) form.rank * form.out).sum();
  }

  /** Elements of the flat vector. */
  long size() {
    return ofFactors() + rows.size();
  }

  /** Elements of all factors. */
  long ofFactors() {
    return ofA()
        + ofB()
        + modules.values().stream().filter(Form::decomposed).mapToLong(Form::out).sum();
  }

  /** Elements of all factors of the blocks. */
  long ofBlocks() {
    Map<String, Form> blocks = new LinkedHashMap<>(modules);
    blocks.remove(ModelTensors.EMBEDDING_MODULE);
    blocks.remove(ModelTensors.HEAD_MODULE);
    return new FactorLayout(blocks).size();
  }

  /** The factors, cut out of a flat vector. */
  Map<String, Factors> factors(Cut cut) {
    long a = 0;
    long b = ofA();
    long magnitude = b + ofB();
    Map<String, Factors> factors = new LinkedHashMap<>();
    for (Map.Entry<String, Form> module : modules.entrySet()) {
      Form form = module.getValue();
      factors.put(
          module.getKey(),
          new Factors(
              cut.at(a, form.rank, form.in),
              cut.at(b, form.out, form.rank),
              form.scale,
              form.decomposed ? cut.at(magnitude, form.out) : null,
              null));
      a += (long) form.rank * form.in;
      b += (long) form.rank * form.out;
      magnitude += form.decomposed ? form.out : 0;
    }
    return factors;
  }

  /** The rows of tokens, cut out of a flat vector. */
  EndWeights ends(Cut cut) {
    return rows.ends(ofFactors(), cut);
  }

  /** Where each tensor lies, in PEFT's names. */
  List<FlatView> tensors() {
    List<FlatView> all = new ArrayList<>();
    modules.forEach(
        (name, form) -> add(all, PeftFolder.names(name).getFirst(), form.rank, form.in));
    modules.forEach(
        (name, form) -> add(all, PeftFolder.names(name).getLast(), form.out, form.rank));
    modules.forEach(
        (name, form) -> {
          if (form.decomposed) {
            add(all, name + ".lora_magnitude_vector", form.out);
          }
        });
    all.addAll(rows.tensors(ofFactors()));
    return all;
  }

  private static void add(List<FlatView> all, String name, long... shape) {
    long from = all.isEmpty() ? 0 : all.getLast().offset() + all.getLast().count();
    all.add(new FlatView(name, from, shape));
  }

  /** The same as views of a flat vector, in the scope that is open. */
  Map<String, Factors> views(Tensor flat) {
    return factors(cut(flat));
  }

  /** The rows of tokens likewise. */
  EndWeights endViews(Tensor flat) {
    return ends(cut(flat));
  }

  private static Cut cut(Tensor flat) {
    return (offset, shape) -> flat.narrow(0, offset, FlatView.elements(shape)).view(shape);
  }

  /** Factors whose start is other factors of the same layout. */
  static Map<String, Factors> from(Map<String, Factors> start, Map<String, Factors> factors) {
    Map<String, Factors> begun = new LinkedHashMap<>(factors);
    begun.replaceAll(
        (name, each) -> {
          Factors first = Objects.requireNonNull(start.get(name));
          return new Factors(
              each.a(),
              each.b(),
              each.scale(),
              each.magnitude(),
              new Factors.Start(first.a(), first.b()));
        });
    return begun;
  }
}
