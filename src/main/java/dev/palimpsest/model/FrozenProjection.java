package dev.palimpsest.model;

import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
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
  private final JoinedFactors factors;
  private final TrainedProjection own;

  FrozenProjection(Projection frozen, Map<String, Factors> factors, WeightGradients gradients) {
    this.frozen = frozen;
    this.own = TrainedProjection.of(frozen, gradients);
    try (Scope scope = Scope.open()) {
      this.factors = JoinedFactors.of(frozen, factors);
      scope.release(this.factors.a());
      scope.release(this.factors.b());
    }
  }

  /** Whether any factor or weight trains here. */
  boolean trains() {
    return !factors.isEmpty() || own.trains();
  }

  /** Width of all outputs side by side. */
  long width() {
    return frozen.weight().size(0);
  }

  /** Takes over the factors as they are now. */
  void refresh() {
    factors.refresh();
  }

  /**
   * What a pass gave, and what its gradient needs.
   *
   * @param input (rows, in), type of the products
   * @param low input · Aᵀ, (rows, ranks)
   * @param output (rows, out), type of the products
   */
  record Applied(Tensor input, Tensor low, Tensor output) {
    /** Keeps what the gradient needs; the output is not. */
    void keep(Scope scope) {
      scope.keep(input);
      scope.keep(low);
    }
  }

  /**
   * All modules' outputs side by side.
   *
   * @param x (rows, in)
   */
  Applied apply(Tensor x) {
    Tensor input = x.to(frozen.weight().dtype());
    Tensor output = frozen.plain(input);
    Tensor low = factors.low(input);
    if (!factors.isEmpty()) {
      factors.addTo(output, low);
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
    Tensor low = collect(pass, gradient);
    if (!factors.isEmpty()) {
      down.plusMatmulInPlace(low, factors.a());
    }
    return down;
  }

  /** Adds to the gradients of what trains alone; gives the gradient by low. */
  Tensor collect(Applied pass, Tensor gradient) {
    own.collect(pass.input, gradient);
    if (factors.isEmpty()) {
      return pass.low;
    }
    Tensor low = gradient.matmul(factors.b());
    Tensor byA = low.transpose(0, 1).matmul(pass.input);
    Tensor byB = gradient.transpose(0, 1).matmul(pass.low);
    for (JoinedFactors.Part part : factors.parts()) {
      Factors leaves = part.factors();
      into(leaves.a()).plusInPlace(part.ofA(byA));
      into(leaves.b()).plusInPlace(part.ofB(byB), leaves.scale());
    }
    return low;
  }

  private static Tensor into(Tensor leaf) {
    return Objects.requireNonNull(leaf.gradient(), "a factor that does not collect its gradient");
  }

  @Override
  public void close() {
    factors.a().close();
    factors.b().close();
  }
}
