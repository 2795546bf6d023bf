package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A frozen projection under factors that train, with its gradient written out: x · Wᵀ + (x · Aᵀ) ·
 * Bᵀ, where A holds the factors of all modules of the projection one below the other and B, scaled,
 * holds them along its diagonal. Three products forward, five backward, whatever the number of
 * modules.
 */
final class FrozenProjection implements AutoCloseable {
  private final Projection frozen;
  private final List<Part> parts;
  private final Tensor a; // (ranks, in), type of the products
  private final Tensor b; // (out, ranks), type of the products, scaled

  /** Where one module's factors lie in the joined ones. */
  private record Part(Factors factors, long row, long rows, long rank) {
    Tensor ofA(Tensor joined) {
      return joined.narrow(0, rank, factors.rank());
    }

    Tensor ofB(Tensor joined) {
      return joined.narrow(0, row, rows).narrow(1, rank, factors.rank());
    }
  }

  FrozenProjection(Projection frozen, Map<String, Factors> factors) {
    this.frozen = frozen;
    this.parts = parts(frozen, factors);
    long ranks = parts.stream().mapToLong(part -> part.factors.rank()).sum();
    DType type = frozen.weight().dtype();
    try (Scope scope = Scope.open()) {
      this.a = scope.release(Tensor.zeros(type, ranks, frozen.weight().size(1)));
      this.b = scope.release(Tensor.zeros(type, frozen.weight().size(0), ranks));
    }
  }

  private static List<Part> parts(Projection frozen, Map<String, Factors> factors) {
    List<Part> parts = new ArrayList<>();
    long row = 0;
    long rank = 0;
    for (int i = 0; i < frozen.modules().size(); i++) {
      Factors own = factors.get(frozen.modules().get(i));
      if (own != null) {
        parts.add(new Part(own, row, frozen.widths().get(i), rank));
        rank += own.rank();
      }
      row += frozen.widths().get(i);
    }
    return List.copyOf(parts);
  }

  /** Whether any factor trains here. */
  boolean trains() {
    return !parts.isEmpty();
  }

  /** Width of all outputs side by side. */
  long width() {
    return frozen.weight().size(0);
  }

  /** Takes over the factors as they are now. */
  void refresh() {
    for (Part part : parts) {
      part.ofA(a).copyFrom(part.factors.a());
      part.ofB(b).copyFrom(part.factors.b().times(part.factors.scale()));
    }
  }

  /**
   * What a pass gave, and what its gradient needs.
   *
   * @param input (rows, in), type of the products
   * @param low input · Aᵀ, (rows, ranks)
   * @param output (rows, out), type of the products
   */
  record Applied(Tensor input, Tensor low, Tensor output) {
    /** The same without its output. */
    Applied keep(Scope scope) {
      return new Applied(scope.keep(input), scope.keep(low), output);
    }
  }

  /**
   * All modules' outputs side by side.
   *
   * @param x (rows, in)
   */
  Applied apply(Tensor x) {
    Tensor input = x.to(frozen.weight().dtype());
    Tensor output = Functional.linear(input, frozen.weight());
    if (frozen.bias() != null) {
      output.plusInPlace(frozen.bias());
    }
    Tensor low = Functional.linear(input, a);
    if (trains()) {
      output.plusMatmulInPlace(low, b.transpose(0, 1));
    }
    return new Applied(input, low, output);
  }

  /**
   * Adds to the gradients of the factors.
   *
   * @param gradient by the output, (rows, out), type of the products
   * @return the gradient by the input, (rows, in), type of the products
   */
  Tensor backward(Applied pass, Tensor gradient) {
    Tensor down = gradient.matmul(frozen.weight());
    if (trains()) {
      Tensor low = collect(pass, gradient);
      down.plusMatmulInPlace(low, a);
    }
    return down;
  }

  /** Adds to the gradients of the factors alone; gives the gradient by low. */
  Tensor collect(Applied pass, Tensor gradient) {
    Tensor low = gradient.matmul(b);
    Tensor byA = low.transpose(0, 1).matmul(pass.input);
    Tensor byB = gradient.transpose(0, 1).matmul(pass.low);
    for (Part part : parts) {
      into(part.factors.a()).plusInPlace(part.ofA(byA));
      into(part.factors.b()).plusInPlace(part.ofB(byB), part.factors.scale());
    }
    return low;
  }

  private static Tensor into(Tensor leaf) {
    return Objects.requireNonNull(leaf.gradient(), "a factor that does not collect its gradient");
  }

  @Override
  public void close() {
    a.close();
    b.close();
  }
}
