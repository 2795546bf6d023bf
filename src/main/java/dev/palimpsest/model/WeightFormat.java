package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/** How a decoder keeps the matrices of its blocks. */
enum WeightFormat {
  /** In the type of the products. */
  PLAIN,
  /** {@link Nf4Matrix}. */
  NF4,
  /** {@link Int8Matrix}. */
  INT8;

  /**
   * Modules one below the other. Of a quantised weight no more than one module is in memory as it
   * was stored.
   *
   * @param read gives a module's matrix in a type, in the scope that is open
   */
  Weight weight(List<String> modules, Reading read, DType products, Device device) {
    if (this == PLAIN) {
      try (Scope scope = Scope.open()) {
        List<Tensor> parts = modules.stream().map(each -> read.matrix(each, products)).toList();
        Tensor all = parts.size() == 1 ? parts.getFirst() : Tensor.cat(0, parts);
        return Weight.of(all.to(device), scope);
      }
    }
    Function<Tensor, QuantisedMatrix> quantise =
        this == NF4 ? Nf4Matrix::quantise : Int8Matrix::quantise;
    return new Weight.Quantised(
        modules.stream()
            .map(
                module -> {
                  try (Scope _ = Scope.open()) {
                    return quantise.apply(read.matrix(module, DType.F32));
                  }
                })
            .toList(),
        products,
        device);
  }

  /** Where modules come from. */
  @FunctionalInterface
  interface Reading {
    Tensor matrix(String module, DType type);
  }

  /** Bytes that a matrix takes, whose products are of a type. */
  long bytes(long rows, long columns, DType products) {
    return switch (this) {
      case PLAIN -> rows * columns * products.bytes();
      case NF4 -> Nf4Matrix.bytes(rows * columns);
      case INT8 -> Int8Matrix.bytes(rows, columns);
    };
  }
}
