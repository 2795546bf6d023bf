package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The gradient of a projection's own weights and biases: gradientᵀ · input, and its sum. */
record TrainedProjection(List<Part> weights, List<Part> biases) {

  /** Elements of a rounded product at a time: a head's would go through memory, and be as large. */
  private static final long PIECE = 1L << 21;

  /**
   * Neighbouring modules that train.
   *
   * @param row first of their outputs
   * @param into (rows, in), or (rows) of a bias; F32
   */
  record Part(long row, long rows, Tensor into) {}

  static TrainedProjection of(Projection projection, WeightGradients gradients) {
    return new TrainedProjection(
        parts(projection, ".weight", gradients),
        projection.bias() == null ? List.of() : parts(projection, ".bias", gradients));
  }

  /** One part where all modules train, else one for each that does. */
  private static List<Part> parts(Projection projection, String suffix, WeightGradients gradients) {
    List<String> names = projection.modules().stream().map(module -> module + suffix).toList();
    Optional<Tensor> all = gradients.of(names);
    if (all.isPresent()) {
      return List.of(new Part(0, projection.weight().out(), all.get()));
    }
    List<Part> parts = new ArrayList<>();
    long row = 0;
    for (int i = 0; i < names.size(); i++) {
      long first = row;
      long rows = projection.widths().get(i);
      gradients.of(names.get(i)).ifPresent(into -> parts.add(new Part(first, rows, into)));
      row += rows;
    }
    return parts;
  }

  boolean trains() {
    return !weights.isEmpty() || !biases.isEmpty();
  }

  /**
   * Adds to the gradients.
   *
   * @param input (rows, in), type of the products
   * @param gradient by the output, (rows, out), type of the products
   */
  void collect(Tensor input, Tensor gradient) {
    for (Part part : weights) {
      addProduct(part.into, gradient.narrow(1, part.row, part.rows).transpose(0, 1), input, 1);
    }
    for (Part part : biases) {
      part.into.plusInPlace(gradient.narrow(1, part.row, part.rows).to(DType.F32).sum(0));
    }
  }

  /**
   * Adds factor · left · right to F32: a product of bf16 is rounded once, as mixed precision has
   * it.
   */
  static void addProduct(Tensor into, Tensor left, Tensor right, double factor) {
    if (left.dtype() == DType.F32) {
      into.plusMatmulInPlace(left, right, factor);
      return;
    }
    long rows = Math.max(1, PIECE / into.size(1));
    for (long from = 0; from < into.size(0); from += rows) {
      long count = Math.min(rows, into.size(0) - from);
      try (Scope _ = Scope.open()) {
        into.narrow(0, from, count).plusInPlace(left.narrow(0, from, count).matmul(right), factor);
      }
    }
  }
}
