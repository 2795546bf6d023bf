package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * TIES (Yadav et al., 2306.01708): of each change the largest entries are kept, each entry takes
 * the sign of the weighted sum, and the mean of the changes of that sign, by weight.
 *
 * @param density share of entries that is kept, of each tensor by itself (the paper: of the whole
 *     model); equal ones at the edge are all kept
 * @param scale λ, on the result
 */
public record Ties(double density, double scale) implements Rule {
  /** Checks the ranges. */
  public Ties {
    if (!(density > 0 && density <= 1)) {
      throw new BadInput("--density " + density + ": give more than 0, 1 at most");
    }
    if (!Double.isFinite(scale)) {
      throw new BadInput("--scale " + scale + ": give a number");
    }
  }

  @Override
  public String name() {
    return "ties";
  }

  @Override
  public void check(List<Source> sources) {
    for (Source source : sources) {
      if (!(source.weight() > 0)) {
        throw new BadInput(
            source.name() + ":" + source.weight() + ": ties weighs by a number above 0");
      }
    }
  }

  @Override
  public Rows over(ChangedTensor tensor) {
    List<Double> least = new ArrayList<>();
    for (Source source : tensor.sources()) {
      least.add(least(new ChangedTensor(tensor.base(), tensor.tensor(), List.of(source))));
    }
    List<Double> weights = tensor.sources().stream().map(Source::weight).toList();
    return (before, changes) -> elected(weights, least, changes);
  }

  /** The smallest magnitude, in F32, that is kept of one source's change. */
  private double least(ChangedTensor one) {
    long elements = one.info().elements();
    long kept = Math.max(1, (long) (density * elements));
    try (Scope _ = Scope.open()) {
      Tensor sizes = Tensor.empty(DType.F32, one.info().rows(), elements / one.info().rows());
      one.eachPiece(
          (from, before, changes) ->
              sizes.narrow(0, from, before.size(0)).copyFrom(changes.getFirst().abs()));
      return sizes.smallest(elements - kept + 1);
    }
  }

  private Tensor elected(List<Double> weights, List<Double> least, List<Tensor> changes) {
    List<double[]> trimmed = new ArrayList<>();
    for (int t = 0; t < changes.size(); t++) {
      double[] entries = changes.get(t).doubles();
      for (int i = 0; i < entries.length; i++) {
        entries[i] = (float) Math.abs(entries[i]) >= least.get(t) ? entries[i] : 0;
      }
      trimmed.add(entries);
    }
    double[] merged = new double[trimmed.getFirst().length];
    for (int i = 0; i < merged.length; i++) {
      merged[i] = scale * entry(weights, trimmed, i);
    }
    return Tensor.of(merged, changes.getFirst().shape());
  }

  private static double entry(List<Double> weights, List<double[]> trimmed, int i) {
    double mass = 0;
    for (int t = 0; t < trimmed.size(); t++) {
      mass += weights.get(t) * trimmed.get(t)[i];
    }
    double sum = 0;
    double weight = 0;
    for (int t = 0; t < trimmed.size(); t++) {
      if (trimmed.get(t)[i] * mass > 0) {
        sum += weights.get(t) * trimmed.get(t)[i];
        weight += weights.get(t);
      }
    }
    return weight > 0 ? sum / weight : 0;
  }
}
