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
  /** In 16 bits an element, while products are F32. */
  HALF,
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
    if (!quantises()) {
      try (Scope scope = Scope.open()) {
        DType type = plain(products);
        List<Tensor> parts = modules.stream().map(each -> read.matrix(each, type)).toList();
        Tensor all = parts.size() == 1 ? parts.getFirst() : Tensor.cat(0, parts);
        return whole(all.to(device), scope);
      }
    }
    Function<Tensor, QuantisedMatrix> quantise =
        this == NF4 ? Nf4Matrix::quantise : Int8Matrix::quantise;
    return new Weight.Quantised(
        modules.stream()
            .map(
                module -> {
                  try (Scope _ = Scope.open()) {
                    return quantise.apply(read.matrix(module, DType.F32)).on(device);
                  }
                })
            .toList(),
        products,
        device);
  }

  /** Whether the matrices of blocks are kept in fewer bits than a type of floating point has. */
  boolean quantises() {
    return this == NF4 || this == INT8;
  }

  /** The type of what is not quantised: embedding and head, and all of {@link #PLAIN}. */
  DType plain(DType products) {
    return this == HALF ? DType.BF16 : products;
  }

  /**
   * A matrix of that type as its products go fastest.
   *
   * @param matrix (out, in); handed over, in the scope that is given
   */
  Weight whole(Tensor matrix, Scope scope) {
    return this == HALF ? Weight.half(matrix, scope) : Weight.of(matrix, scope);
  }

  /** The same of a matrix that somebody else needs as it is. */
  Weight beside(Tensor matrix) {
    return this == HALF ? Weight.halfBeside(matrix) : Weight.beside(matrix);
  }

  /** Where modules come from. */
  @FunctionalInterface
  interface Reading {
    Tensor matrix(String module, DType type);
  }

  /** Bytes that a matrix takes, whose products are of a type. */
  long bytes(long rows, long columns, DType products) {
    return switch (this) {
      case PLAIN, HALF -> rows * columns * plain(products).bytes();
      case NF4 -> Nf4Matrix.bytes(rows * columns);
      case INT8 -> Int8Matrix.bytes(rows, columns);
    };
  }
}
