package dev.palimpsest.merge;

import dev.palimpsest.tensor.Tensor;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * What rounding to the output's type left of a change.
 *
 * @param name of the tensor
 * @param norm of the change that was wanted (Frobenius)
 * @param relativeNorm that over the norm of the base's tensor
 * @param realisedDelta norm of what is stored less the base's tensor, over {@code norm}; null where
 *     no change was wanted
 * @param realisedProjection how much of the wanted change is in it: their inner product over that
 *     of the wanted one with itself; rounding noise adds to the norm but not to this
 * @param realisedError norm of what is stored less what was wanted, over {@code norm}
 */
public record Realised(
    String name,
    double norm,
    double relativeNorm,
    @Nullable Double realisedDelta,
    @Nullable Double realisedProjection,
    @Nullable Double realisedError) {

  /** Squares and products, added up piece by piece. */
  static final class Sums {
    private final String name;
    private double base;
    private double wanted;
    private double realised;
    private double both;
    private double missed;

    Sums(String name) {
      this.name = name;
    }

    void add(Tensor before, Tensor wantedRows, Tensor realisedRows) {
      base += before.square().sum().item();
      wanted += wantedRows.square().sum().item();
      realised += realisedRows.square().sum().item();
      both += realisedRows.times(wantedRows).sum().item();
      missed += realisedRows.minus(wantedRows).square().sum().item();
    }

    /**
     * A tensor of whose change the largest singular values are kept: what stays is orthogonal to
     * what goes.
     *
     * @param base squared norm of the base's tensor
     * @param squares squared norm of the change
     * @param kept squared norm of what is kept of it
     */
    static Sums cut(String name, double base, double squares, double kept) {
      Sums sums = new Sums(name);
      sums.base = base;
      sums.wanted = squares;
      sums.realised = kept;
      sums.both = kept;
      sums.missed = squares - kept;
      return sums;
    }

    /** All tensors as one long vector. */
    static Realised of(Collection<Sums> parts) {
      Sums all = new Sums("");
      for (Sums part : parts) {
        all.base += part.base;
        all.wanted += part.wanted;
        all.realised += part.realised;
        all.both += part.both;
        all.missed += part.missed;
      }
      return all.realised();
    }

    boolean changed() {
      return wanted > 0;
    }

    Realised realised() {
      return new Realised(
          name,
          Math.sqrt(wanted),
          base > 0 ? Math.sqrt(wanted / base) : 0,
          over(Math.sqrt(realised)),
          wanted > 0 ? (Double) (both / wanted) : null,
          over(Math.sqrt(missed)));
    }

    private @Nullable Double over(double norm) {
      return wanted > 0 ? (Double) (norm / Math.sqrt(wanted)) : null;
    }
  }
}
