package dev.palimpsest.merge;

import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Svd;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Several adapters as one: their factors joined, which is exact, or the best approximation of that
 * of a rank (QR of the joined factors, singular values of the core between them).
 *
 * @param sums how much of each module's change it has
 */
record Reduction(Adapter adapter, List<Realised.Sums> sums) {

  /** The share of the changes' squared Frobenius norm that it has. */
  double keptEnergy() {
    Double kept = Realised.Sums.of(sums).realisedProjection();
    return kept == null ? 1 : kept;
  }

  /**
   * Joins, and reduces where the method has a rank, in the scope that is open.
   *
   * @throws BadInput if a source is no plain LoRA
   */
  static Reduction of(MergeMethod method, List<Source> sources, Checkpoint base) {
    Linear.refuseMagnitudes(method.name(), sources);
    List<Realised.Sums> sums = new ArrayList<>();
    Map<String, Factors> reduced = new LinkedHashMap<>();
    for (String module : ModelTensors.linear(base.config()).keySet()) {
      List<Factors> parts = parts(method.name(), sources, module);
      if (!parts.isEmpty()) {
        try (Scope scope = Scope.open()) {
          Factors sum = Factors.sum(parts);
          Svd svd = sum.svd();
          int rank = method.rank().orElse(sum.rank());
          Factors made = rank < sum.rank() ? Factors.of(svd, rank) : sum;
          sums.add(kept(base, module + ".weight", svd, made.rank()));
          reduced.put(
              module,
              new Factors(scope.keep(made.a().contiguous()), scope.keep(made.b().contiguous()), 1));
        }
      }
    }
    return new Reduction(Adapter.plain(reduced, base.config()), sums);
  }

  private static Realised.Sums kept(Checkpoint base, String tensor, Svd svd, int rank) {
    double all = svd.s().square().sum().item();
    long kept = Math.min(rank, svd.s().count());
    return Realised.Sums.cut(
        tensor,
        base.weights().read(tensor, DType.F32).square().sum().item(),
        all,
        kept == svd.s().count() ? all : svd.s().narrow(0, 0, kept).square().sum().item());
  }

  private static List<Factors> parts(String method, List<Source> sources, String module) {
    List<Factors> parts = new ArrayList<>();
    for (Source source : sources) {
      if (!(source instanceof Source.Lora lora)) {
        throw new BadInput(
            source.name() + ": a whole model is no adapter, so " + method + " cannot join it");
      }
      if (lora.adapter().config().weightDecomposed()) {
        throw new BadInput(
            lora.name() + ": a DoRA adapter is no product of factors; merge it into a model");
      }
      if (!lora.adapter().ends().isEmpty()
          || lora.adapter().factors().containsKey(ModelTensors.EMBEDDING_MODULE)) {
        throw new BadInput(
            lora.name()
                + ": what it changes of "
                + String.join(" and ", lora.adapter().endModules())
                + " is no product of a linear module's factors; merge it into a model");
      }
      Factors factors = lora.adapter().factors().get(module);
      if (factors != null) {
        parts.add(factors.scaled(lora.weight()));
      }
    }
    return parts;
  }
}
