package dev.palimpsest.tune;

import dev.palimpsest.model.Factors;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Svd;
import dev.palimpsest.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Keeps A out of the space that earlier adapters' rows span, exactly: its start and its gradient
 * are projected onto the complement, and so is A after each step, since an optimiser that weighs
 * entries by themselves turns a projected gradient again. Adds nothing to the loss.
 */
record OverlapProjection(Supplier<EarlierRows> earlier) implements Regulariser {
  /** Singular values below this share of the largest are rounding. */
  private static final double SHARE = 1e-6;

  @Override
  public String name() {
    return "orthogonal";
  }

  @Override
  public Term over(Trained fresh) {
    LoraParameters factors = ((TrainedAdapter) fresh).factors();
    Map<String, Tensor> bases = new LinkedHashMap<>();
    try (Scope scope = Scope.open();
        EarlierRows rows = earlier.get()) {
      rows.byModule()
          .forEach(
              (module, all) -> {
                if (factors.layout().modules().containsKey(module)) {
                  bases.put(module, scope.release(basis(module, all)));
                }
              });
    }
    OfAdapter term = new OfAdapter(bases, factors);
    term.project(factors.parameters());
    return term;
  }

  /** Orthonormal rows that span the same, (directions, in). */
  private static Tensor basis(String module, Tensor rows) {
    Svd svd = Svd.of(rows.to(Device.CPU));
    float[] values = svd.s().floats();
    int count = 0;
    while (count < values.length && values[count] > SHARE * values[0]) {
      count++;
    }
    if (count >= rows.size(1)) {
      throw new BadInput(
          "--orthogonal-by projection: the earlier adapters span all directions of "
              + module
              + "; take --orthogonal-by penalty");
    }
    return svd.vt().narrow(0, 0, count).copy().to(rows.device());
  }

  private record OfAdapter(Map<String, Tensor> bases, LoraParameters factors) implements Term {
    @Override
    public double backward() {
      project(factors.gradient());
      return 0;
    }

    @Override
    public void afterStep() {
      project(factors.parameters());
    }

    /** A − (A · Qᵀ) · Q of every module, in place. */
    private void project(Tensor flat) {
      try (Scope _ = Scope.open()) {
        Map<String, Factors> all = factors.layout().views(flat);
        bases.forEach(
            (module, basis) -> {
              Factors each = all.get(module);
              if (each != null) {
                Tensor inside = each.a().matmul(basis.transpose(0, 1)).matmul(basis);
                each.a().minusInPlace(inside);
              }
            });
      }
    }

    @Override
    public void close() {
      bases.values().forEach(Tensor::close);
    }
  }
}
