package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.PackedMatrix;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A frozen projection under factors that train, with its gradient written out: x · Wᵀ + (x · Aᵀ) ·
 * Bᵀ, where A holds the factors of all modules of the projection one below the other and B, scaled,
 * holds them along its diagonal. Three products forward, five backward, whatever the number of
 * modules. DoRA's magnitudes scale what comes out.
 */
final class FrozenProjection implements AutoCloseable {
  private final Projection frozen;
  private final JoinedFactors factors;
  private final TrainedProjection own;
  private @Nullable PackedMatrix laidOutBack;

  FrozenProjection(Projection frozen, Map<String, Factors> factors, WeightGradients gradients) {
    this.frozen = frozen;
    this.own = TrainedProjection.of(frozen, gradients);
    try (Scope scope = Scope.open()) {
      this.factors = JoinedFactors.of(frozen, factors);
      this.factors.tensors().forEach(scope::release);
    }
  }

  /** Keeps the weight laid out for the way back, too. */
  void layOutBack() {
    laidOutBack = frozen.weight().laidOutBack().orElse(null);
  }

  /** Whether any factor or weight trains here. */
  boolean trains() {
    return !factors.isEmpty() || own.trains();
  }

  /** Width of all outputs side by side. */
  long width() {
    return frozen.weight().out();
  }

  /** Takes over the factors as they are now. */
  void refresh() {
    factors.refresh();
  }

  /** Type of the inputs, outputs and gradients. */
  DType products() {
    return frozen.weight().products();
  }

  /**
   * What a pass gave, and what its gradient needs beside the input, which is cheaper made again
   * than kept.
   *
   * @param low input · Aᵀ, (rows, ranks)
   * @param output (rows, out), type of the products
   * @param unscaled the output before its gains and without its bias; null where there are none
   */
  record Applied(Tensor low, Tensor output, @Nullable Tensor unscaled) {
    /** Keeps what the gradient needs; the output is not. */
    void keep(Scope scope) {
      scope.keep(low);
      if (unscaled != null) {
        scope.keep(unscaled);
      }
    }
  }

  /**
   * All modules' outputs side by side.
   *
   * @param x (rows, in)
   */
  Applied apply(Tensor x) {
    Tensor input = x.to(products());
    Tensor output = frozen.plain(input);
    Tensor low = factors.low(input);
    if (!factors.isEmpty()) {
      factors.addTo(output, low);
    }
    RowGains gains = factors.gains();
    if (gains == null) {
      return new Applied(low, output, null);
    }
    Tensor unscaled = frozen.unbiased(output);
    return new Applied(low, gains.apply(output, unscaled), unscaled);
  }

  /**
   * What the gradient needs of a pass that was not kept; its output is not to be read.
   *
   * @param x the pass's input
   */
  Applied again(Tensor x) {
    if (factors.gains() != null) {
      return apply(x);
    }
    Tensor input = x.to(products());
    return new Applied(factors.low(input), input, null);
  }

  /**
   * Adds to the gradients of the factors.
   *
   * @param x the pass's input
   * @param gradient by the output, (rows, out), type of the products
   * @return the gradient by the input, (rows, in), type of the products
   */
  Tensor backward(Applied pass, Tensor x, Tensor gradient) {
    Tensor inner = throughGains(pass, gradient);
    Tensor down = laidOutBack == null ? frozen.weight().back(inner) : laidOutBack.linear(inner);
    Tensor input = x.to(products());
    own.collect(input, inner);
    if (!factors.isEmpty()) {
      Tensor low = collectFactors(pass, input, inner);
      down.plusMatmulInPlace(low, factors.a());
    }
    return down;
  }

  /** Adds to the gradients of what trains alone. */
  void collect(Applied pass, Tensor x, Tensor gradient) {
    Tensor inner = throughGains(pass, gradient);
    Tensor input = x.to(products());
    own.collect(input, inner);
    if (!factors.isEmpty()) {
      collectFactors(pass, input, inner);
    }
  }

  private Tensor throughGains(Applied pass, Tensor gradient) {
    RowGains gains = factors.gains();
    return gains == null
        ? gradient
        : gains.backward(Objects.requireNonNull(pass.unscaled), gradient);
  }

  /** Gives the gradient by low. */
  private Tensor collectFactors(Applied pass, Tensor input, Tensor gradient) {
    Tensor low = gradient.matmul(factors.b());
    Tensor byA = low.transpose(0, 1).matmul(input);
    Tensor byB = gradient.transpose(0, 1).matmul(pass.low);
    for (JoinedFactors.Part part : factors.parts()) {
      Factors leaves = part.factors();
      Tensor ofA = part.ofA(byA);
      Tensor ofB = part.ofB(byB);
      if (leaves.start() == null) {
        into(leaves.a()).plusInPlace(ofA);
        into(leaves.b()).plusInPlace(ofB, leaves.scale());
      } else { // A − A₀ lies below A
        int rank = leaves.rank();
        into(leaves.a()).plusInPlace(ofA.narrow(0, 0, rank));
        into(leaves.a()).plusInPlace(ofA.narrow(0, rank, rank));
        into(leaves.b()).plusInPlace(ofB.narrow(1, 0, rank), leaves.scale());
      }
    }
    return low;
  }

  static Tensor into(Tensor leaf) {
    return Objects.requireNonNull(leaf.gradient(), "a factor that does not collect its gradient");
  }

  @Override
  public void close() {
    factors.tensors().forEach(Tensor::close);
    if (laidOutBack != null) {
      laidOutBack.close();
    }
  }
}
