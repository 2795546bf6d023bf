package dev.palimpsest.merge;

import dev.palimpsest.model.GgmlType;
import dev.palimpsest.model.TensorInfo;
import dev.palimpsest.tensor.Tensor;

/**
 * What quantising made of a tensor.
 *
 * @param name Hugging Face's
 * @param storedType before
 * @param relativeError norm of the difference over the norm of the tensor (Frobenius)
 */
public record QuantisedTensor(
    String name,
    String storedType,
    String type,
    long elements,
    long bytes,
    double bitsPerWeight,
    double relativeError) {

  /** Squares, added up piece by piece. */
  static final class Sums {
    private double norm;
    private double missed;

    void add(Tensor before, Tensor after) {
      norm += before.square().sum().item();
      missed += after.minus(before).square().sum().item();
    }

    void add(Sums part) {
      norm += part.norm;
      missed += part.missed;
    }

    double relativeError() {
      return norm > 0 ? Math.sqrt(missed / norm) : 0;
    }

    QuantisedTensor of(TensorInfo info, GgmlType type) {
      long bytes = type.bytesOf(info.elements());
      return new QuantisedTensor(
          info.name(),
          info.storedType(),
          type.name(),
          info.elements(),
          bytes,
          8.0 * bytes / info.elements(),
          relativeError());
    }
  }
}
