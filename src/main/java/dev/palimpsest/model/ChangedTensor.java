package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * One tensor of a base and the sources that change it. It is gone through in pieces of whole rows,
 * so that no second copy of a large tensor is ever in memory.
 */
public record ChangedTensor(Checkpoint base, String tensor, List<Source> sources) {
  /** A dozen pieces of so many F64 are in memory at once. */
  private static final long ELEMENTS = 1 << 18;

  /** Copies the list. */
  public ChangedTensor {
    sources = List.copyOf(sources);
  }

  /** Sees a piece, in a scope of its own. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Takes a piece.
     *
     * @param from number of its first row
     * @param before the base's rows, F64
     * @param changes of each source, whole, F64
     */
    void see(long from, Tensor before, List<Tensor> changes);
  }

  /** Goes through all rows in their order. */
  public void eachPiece(Visitor visitor) {
    TensorInfo info = info();
    long most = Math.max(1, ELEMENTS * info.rows() / info.elements());
    for (long from = 0; from < info.rows(); from += most) {
      long at = from;
      try (Scope _ = Scope.open()) {
        Tensor before =
            base.weights().rows(tensor, DType.F64, at, Math.min(most, info.rows() - at));
        visitor.see(
            at, before, sources.stream().map(source -> source.change(tensor, before, at)).toList());
      }
    }
  }

  /** What the base's file says of it. */
  public TensorInfo info() {
    return Objects.requireNonNull(base.weights().tensors().get(tensor), tensor);
  }
}
