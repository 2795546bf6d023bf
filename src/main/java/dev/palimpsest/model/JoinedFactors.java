package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.PackedMatrix;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The factors of all modules of a projection in the type of its products, so that a pass takes two
 * products whatever the number of modules.
 *
 * @param a the modules' A one below the other, (ranks, in)
 * @param b the modules' B, scaled, along the diagonal, (out, ranks)
 * @param gains of magnitudes; null without any
 */
record JoinedFactors(List<Part> parts, Tensor a, Tensor b, @Nullable RowGains gains) {

  /** Where one module's factors lie in the joined ones. */
  record Part(Factors factors, long row, long rows, long rank) {
    Tensor ofA(Tensor joined) {
      return joined.narrow(0, rank, factors.ranks());
    }

    Tensor ofB(Tensor joined) {
      return rowsOf(joined).narrow(1, rank, factors.ranks());
    }

    Tensor rowsOf(Tensor joined) {
      return joined.narrow(0, row, rows);
    }
  }

  /**
   * Joins the factors as they are now, in the scope that is open.
   *
   * @param factors by module name; those of other projections are left aside
   */
  static JoinedFactors of(Projection projection, Map<String, Factors> factors) {
    List<Part> parts = parts(projection, factors);
    long ranks = parts.stream().mapToLong(part -> part.factors.ranks()).sum();
    Weight weight = projection.weight();
    DType type = weight.products();
    JoinedFactors joined =
        new JoinedFactors(
            parts,
            Tensor.zeros(weight.device(), type, ranks, weight.in()),
            Tensor.zeros(weight.device(), type, weight.out(), ranks),
            RowGains.of(projection, parts));
    joined.refreshFactors();
    return joined;
  }

  private static List<Part> parts(Projection projection, Map<String, Factors> factors) {
    List<Part> parts = new ArrayList<>();
    long row = 0;
    long rank = 0;
    for (int i = 0; i < projection.modules().size(); i++) {
      Factors own = factors.get(projection.modules().get(i));
      if (own != null) {
        parts.add(new Part(own, row, projection.widths().get(i), rank));
        rank += own.ranks();
      }
      row += projection.widths().get(i);
    }
    return List.copyOf(parts);
  }

  boolean isEmpty() {
    return parts.isEmpty();
  }

  /** Takes over the factors as they are now. */
  void refresh() {
    refreshFactors();
    if (gains != null) {
      gains.refresh();
    }
  }

  private void refreshFactors() {
    Native.withoutGradients(
        () -> {
          for (Part part : parts) {
            Factors whole = part.factors.whole();
            part.ofA(a).copyFrom(whole.a());
            part.ofB(b).copyFrom(whole.b().times(whole.scale()));
          }
        });
  }

  /**
   * What makes of an input and its plain outputs the outputs with the factors as they were.
   *
   * @param rowsThatStandAlone as {@link Weight#rowsThatStandAlone}
   */
  record Prepared(BinaryOperator<Tensor> outputs, int rowsThatStandAlone) {}

  /** For many passes without gradients. */
  Prepared prepared() {
    Prepared added = adding();
    return gains == null
        ? added
        : new Prepared(
            (input, plain) -> {
              Tensor outputs = added.outputs.apply(input, plain);
              return gains.apply(outputs, gains.projection().unbiased(outputs));
            },
            added.rowsThatStandAlone);
  }

  private Prepared adding() {
    if (!PackedMatrix.pays(a)) {
      return new Prepared(
          (input, plain) -> {
            addTo(plain, low(input));
            return plain;
          },
          1);
    }
    PackedMatrix down = PackedMatrix.of(a);
    PackedMatrix up = PackedMatrix.of(b);
    return new Prepared(
        (input, plain) -> up.linearPlus(down.linear(input), plain),
        Math.min(down.rowsThatStandAlone(), up.rowsThatStandAlone()));
  }

  /** input · Aᵀ, (rows, ranks). */
  Tensor low(Tensor input) {
    return Functional.linear(input, a);
  }

  /** Adds low · Bᵀ to the projection's outputs. */
  void addTo(Tensor outputs, Tensor low) {
    outputs.plusMatmulInPlace(low, b.transpose(0, 1));
  }

  /** The tensors that a pass reads. */
  List<Tensor> tensors() {
    return gains == null ? List.of(a, b) : List.of(a, b, gains.norms(), gains.more());
  }
}
