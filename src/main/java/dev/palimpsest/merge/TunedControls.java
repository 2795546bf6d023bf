package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Svd;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The five of a tuned model, as models: its own files and bytes, but for modules with intruders.
 *
 * @param modules what is done to those
 * @param rest squared norm of the change of all other linear modules
 */
record TunedControls(
    Controls settings,
    Checkpoint base,
    Source.Tuned source,
    Map<String, Module> modules,
    double rest) {
  private static final RankRule HELD = new RankRule.Energy(0.99);

  /**
   * A module with intruders.
   *
   * @param intruders their part of the changed matrix, Σ σ u vᵀ
   * @param random as many of the change's own directions, σ u vᵀ summed
   * @param squares squared norm of the change in each of the five
   */
  private record Module(Factors intruders, Factors random, Map<String, Double> squares) {
    double ratio() {
      return Math.sqrt(square("intruders") / square("untouched"));
    }

    double square(String control) {
      return squares.getOrDefault(control, 0.0);
    }
  }

  /** Looks at a module at a time; what it makes lives in the scope that is open. */
  static TunedControls of(
      Controls settings,
      Checkpoint base,
      Source.Tuned source,
      Map<String, Factors> intruders,
      Progress progress) {
    Map<String, Module> modules = new LinkedHashMap<>();
    double rest = 0;
    int done = 0;
    List<String> linear =
        ModelTensors.linear(base.config()).keySet().stream()
            .filter(each -> !each.equals(ModelTensors.HEAD_MODULE))
            .toList();
    for (String module : linear) {
      try (Scope scope = Scope.open()) {
        String tensor = module + ".weight";
        Tensor before = base.weights().read(tensor, DType.F64);
        Tensor change = source.change(tensor, before, 0);
        Factors part = intruders.get(module);
        if (part == null) {
          rest += change.square().sum().item();
        } else {
          modules.put(module, module(settings, module, change, part, scope));
        }
      }
      progress.report("directions", ++done, linear.size(), "modules");
    }
    return new TunedControls(settings, base, source, modules, rest);
  }

  private static Module module(
      Controls settings, String name, Tensor change, Factors part, Scope scope) {
    Svd svd = Svd.of(change);
    int[] drawn = settings.drawn(name, part.rank(), directions(name, change, svd));
    Tensor rows = Tensor.ofIndices(drawn);
    Tensor u = svd.u().transpose(0, 1).contiguous().rows(rows);
    Tensor random = u.matmul(change); // σ vᵀ of each
    double whole = change.square().sum().item();
    Tensor scaled = part.scaled(settings.scale() - 1).change(change, 0);
    double less = change.plus(scaled).square().sum().item();
    double kept = settings.scale() * settings.scale();
    double fewer = whole - (1 - kept) * random.square().sum().item();
    return new Module(
        part,
        new Factors(
            scope.keep(random.to(DType.F32).contiguous()),
            scope.keep(u.transpose(0, 1).to(DType.F32).contiguous()),
            1),
        Map.of(
            "untouched",
            whole,
            "intruders",
            less,
            "shrunk",
            less,
            "random",
            fewer,
            "resized",
            less > 0 ? whole : 0));
  }

  /** How many of a change's directions hold nearly all of it; what rounding left is behind them. */
  private static int directions(String name, Tensor change, Svd svd) {
    List<Double> values = Arrays.stream(svd.s().doubles()).boxed().toList();
    RankRule.Spectrum spectrum =
        new RankRule.Spectrum(name, change.size(0), change.size(1), values);
    return Objects.requireNonNull(HELD.ranks(List.of(spectrum)).get(name));
  }

  /** The norm of the change of all linear modules. */
  double norm(String control) {
    return Math.sqrt(
        rest + modules.values().stream().mapToDouble(each -> each.square(control)).sum());
  }

  /** Writes one of the five into an empty folder, tensor by tensor. */
  void write(Path folder, String control, Progress progress) {
    Checkpoint tuned = source.model();
    Steps steps = Steps.of(control, base.config(), progress);
    ModelFolder.write(
        folder,
        tuned,
        tensor -> {
          steps.next();
          Module module = modules.get(tensor.replaceFirst("\\.weight$", ""));
          return module == null || control.equals("untouched")
              ? Optional.empty()
              : Optional.of(
                  TensorMerge.of(
                          new ChangedTensor(base, tensor, List.of(source)),
                          rule(control, module),
                          ModelFolder.type(tuned, tensor))
                      .merged());
        });
  }

  private Adjusted rule(String control, Module module) {
    double less = settings.scale() - 1;
    double ratio = module.ratio();
    return switch (control) {
      case "intruders" -> new Adjusted(1, Optional.of(module.intruders.scaled(less)));
      case "shrunk" -> new Adjusted(ratio, Optional.empty());
      case "random" -> new Adjusted(1, Optional.of(module.random.scaled(less)));
      case "resized" -> {
        double grown = ratio > 0 ? 1 / ratio : 1;
        yield new Adjusted(grown, Optional.of(module.intruders.scaled(less * grown)));
      }
      default -> throw new IllegalArgumentException(control);
    };
  }
}
