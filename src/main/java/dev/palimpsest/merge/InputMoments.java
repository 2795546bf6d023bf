package dev.palimpsest.merge;

import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.ModuleInputs;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How much each direction of what a linear module reads counts along texts: C = XᵀX / n + λI for
 * its inputs X, (n tokens, in), uncentred; λ is so small a share of the mean of XᵀX / n's diagonal
 * that it only tells apart directions in which the texts have nothing. Sums over as many modules as
 * there is memory for are there at a time, so modules are best asked for in their order.
 */
public final class InputMoments implements AutoCloseable {
  private final Decoder decoder;
  private final List<List<int[]>> passes;
  private final List<List<String>> groups;
  private final Progress progress;
  private final long tokens;
  private final Map<String, Tensor> sums = new HashMap<>();

  /**
   * Those of a model along texts.
   *
   * @param texts ids of each, at least one
   */
  public InputMoments(Decoder decoder, List<int[]> texts, Progress progress) {
    this.decoder = decoder;
    this.passes = ModuleInputs.passes(texts);
    this.progress = progress;
    this.tokens = texts.stream().mapToLong(ids -> ids.length).sum();
    Map<String, ModelTensors.Linear> modules = ModelTensors.linear(decoder.config());
    List<String> blocks =
        modules.keySet().stream().filter(each -> !each.equals(ModelTensors.HEAD_MODULE)).toList();
    this.groups =
        ModuleInputs.groups(
            blocks,
            each -> each,
            each -> {
              long in = in(each);
              return DType.F64.bytes() * in * in;
            });
  }

  /** Along which they are taken. */
  public long tokens() {
    return tokens;
  }

  /** C of a module of a block, (in, in), F64, in the scope that is open. */
  Tensor of(String module) {
    String read = ModelTensors.reading(module);
    if (!sums.containsKey(read)) {
      gather(groups.stream().filter(each -> each.contains(module)).findFirst().orElseThrow());
    }
    return ridged(Objects.requireNonNull(sums.get(read)), tokens);
  }

  /**
   * XᵀX as C.
   *
   * @param tokens that were summed over
   */
  static Tensor ridged(Tensor sum, long tokens) {
    try (Scope scope = Scope.open()) {
      Tensor identity = Tensor.identity(DType.F64, sum.size(0));
      double mean = sum.times(identity).sum().item() / sum.size(0);
      return scope.keep(
          sum.plus(identity.timesInPlace(Math.max(Carried.RIDGE * mean, 1e-300)))
              .timesInPlace(1.0 / tokens));
    }
  }

  private void gather(List<String> group) {
    close();
    try (Scope scope = Scope.open()) {
      for (String module : group) {
        sums.computeIfAbsent(
            ModelTensors.reading(module),
            _ -> scope.release(Tensor.zeros(DType.F64, in(module), in(module))));
      }
    }
    for (int i = 0; i < passes.size(); i++) {
      ModuleInputs.along(decoder, passes.get(i), this::add);
      progress.report("inputs", i + 1, passes.size(), "passes");
    }
  }

  private void add(String module, Tensor input) {
    Tensor sum = sums.get(module);
    if (sum != null) {
      try (Scope _ = Scope.open()) {
        Tensor x = input.to(DType.F64);
        sum.plusMatmulInPlace(x.transpose(0, 1), x);
      }
    }
  }

  private long in(String module) {
    return Objects.requireNonNull(ModelTensors.linear(decoder.config()).get(module), module).in();
  }

  @Override
  public void close() {
    sums.values().forEach(Tensor::close);
    sums.clear();
  }
}
