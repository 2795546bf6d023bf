package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Writes a model's tensors in GGUF's layout: as they are stored where that is what is wanted, else
 * in pieces of whole rows, so that no second copy of a large tensor is ever in memory.
 *
 * @param changed a tensor that is not the base's any more, by Hugging Face's name, in the type that
 *     is asked for
 */
record GgufTensors(
    Checkpoint base, GgufLayout layout, BiFunction<String, DType, Optional<Tensor>> changed) {
  private static final long ELEMENTS = 1 << 20;

  /** Gives some rows of a tensor in Hugging Face's layout. */
  @FunctionalInterface
  private interface Rows {
    Tensor rows(long from, long count);
  }

  /**
   * One tensor.
   *
   * @param hub its name in the base
   */
  void write(String hub, GgufWriter.Plan plan, OutputStream out) throws IOException {
    try (Scope _ = Scope.open()) {
      DType type = elements(plan.type());
      Optional<Tensor> whole = changed.apply(hub, type);
      if (whole.isPresent()) {
        Tensor rows = whole.get();
        pieces(hub, plan, (from, count) -> rows.narrow(0, from, count).to(type), out);
      } else if (isStored(hub, plan)) {
        var bytes = base.weights().stored(hub);
        StoredBytes.write(bytes, out);
        bytes.unload(); // the file's pages would count as this process's memory
      } else {
        pieces(hub, plan, (from, count) -> base.weights().rows(hub, type, from, count), out);
      }
    }
  }

  private boolean isStored(String hub, GgufWriter.Plan plan) {
    TensorInfo info = base.weights().tensors().get(hub);
    boolean sameLayout =
        base.weights() instanceof GgufWeights || (!layout.permuted(hub) && layout.added(hub) == 0);
    return sameLayout && info != null && info.storedType().equals(plan.type().name());
  }

  private void pieces(String hub, GgufWriter.Plan plan, Rows source, OutputStream out)
      throws IOException {
    long rows = plan.shape()[0];
    long columns = TensorInfo.rowElements(plan.shape());
    // rows of a head change places among themselves
    long unit = layout.permuted(hub) ? layout.headWidth() : 1;
    long most = Math.max(1, ELEMENTS / columns / unit) * unit;
    for (long from = 0; from < rows; from += most) {
      try (Scope _ = Scope.open()) {
        long count = Math.min(most, rows - from);
        encode(plan, layout.stored(hub, source.rows(from, count)), out);
      }
    }
  }

  /** The floats from which elements of a type are made. */
  static DType elements(GgmlType type) {
    return switch (type) {
      case F16 -> DType.F16;
      case BF16 -> DType.BF16;
      default -> DType.F32;
    };
  }

  /**
   * Rows as the bytes of a type.
   *
   * @param rows in GGUF's layout, of the elements above
   */
  static void encode(GgufWriter.Plan plan, Tensor rows, OutputStream out) throws IOException {
    switch (plan.type()) {
      case F32, F16, BF16 -> StoredBytes.write(rows.inMemory().segment(), out);
      default -> out.write(plan.type().encode(plan.name(), rows));
    }
  }
}
