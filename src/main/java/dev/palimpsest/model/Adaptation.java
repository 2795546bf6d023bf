package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an adapter makes of a projection's outputs. */
@FunctionalInterface
interface Adaptation {
  /**
   * The outputs of all modules side by side, (rows, sum of widths).
   *
   * @param input (rows, in), type of the products
   * @param plain outputs of the frozen weights; may be overwritten
   */
  Tensor adapt(Projection projection, Tensor input, Tensor plain);

  /** Module by module, so that gradients flow to the factors. */
  static Adaptation separate(Map<String, Factors> factors) {
    return (projection, input, plain) -> {
      if (projection.modules().stream().noneMatch(factors::containsKey)) {
        return plain;
      }
      Tensor outputs = plain.plus(added(projection, input, factors));
      return projection.modules().stream().map(factors::get).anyMatch(Adaptation::hasMagnitude)
          ? gained(projection, outputs, factors)
          : outputs;
    };
  }

  private static boolean hasMagnitude(@Nullable Factors factors) {
    return factors != null && factors.magnitude() != null;
  }

  /** DoRA: each output but its bias by its magnitude over the norm of its row. */
  private static Tensor gained(
      Projection projection, Tensor outputs, Map<String, Factors> factors) {
    Tensor weight = projection.weight().dense();
    List<Tensor> more = new ArrayList<>(projection.modules().size());
    long row = 0;
    for (int i = 0; i < projection.modules().size(); i++) {
      long width = projection.widths().get(i);
      Factors own = factors.get(projection.modules().get(i));
      Tensor magnitude = own == null ? null : own.magnitude();
      more.add(
          own == null || magnitude == null
              ? outputs.newZeros(DType.F32, width)
              : magnitude.dividedBy(own.rowNorms(weight.narrow(0, row, width))).plusInPlace(-1));
      row += width;
    }
    return outputs.plus(
        projection.unbiased(outputs).times(Tensor.cat(0, more).to(outputs.dtype())));
  }

  private static Tensor added(Projection projection, Tensor input, Map<String, Factors> factors) {
    DType type = input.dtype();
    List<Tensor> parts = new ArrayList<>(projection.modules().size());
    for (int i = 0; i < projection.modules().size(); i++) {
      Factors own = factors.get(projection.modules().get(i));
      if (own == null) {
        parts.add(input.newZeros(type, input.size(0), projection.widths().get(i)));
      } else {
        Factors whole = own.whole();
        Tensor low = Functional.linear(input, whole.a().to(type));
        parts.add(Functional.linear(low, whole.b().times(whole.scale()).to(type)));
      }
    }
    return parts.size() == 1 ? parts.getFirst() : Tensor.cat(1, parts);
  }

  /** As {@link Weight#rowsThatStandAlone}, of the products that it adds. */
  default int rowsThatStandAlone() {
    return 1;
  }

  /** By joined factors, which live in the scope that is open now; no gradients flow. */
  static Adaptation joined(List<Projection> projections, Map<String, Factors> factors) {
    IdentityHashMap<Projection, JoinedFactors.Prepared> added = new IdentityHashMap<>();
    for (Projection projection : projections) {
      JoinedFactors own = JoinedFactors.of(projection, factors);
      if (!own.isEmpty()) {
        added.put(projection, own.prepared());
      }
    }
    return new Joined(added);
  }

  /** Joined factors by projection. */
  record Joined(IdentityHashMap<Projection, JoinedFactors.Prepared> added) implements Adaptation {
    @Override
    public Tensor adapt(Projection projection, Tensor input, Tensor plain) {
      JoinedFactors.Prepared own = added.get(projection);
      return own == null ? plain : own.outputs().apply(input, plain);
    }

    @Override
    public int rowsThatStandAlone() {
      return added.values().stream()
          .mapToInt(JoinedFactors.Prepared::rowsThatStandAlone)
          .min()
          .orElse(Integer.MAX_VALUE);
    }
  }
}
