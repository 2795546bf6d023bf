package dev.palimpsest.merge;

import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.Cholesky;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.OptionalDouble;

/**
 * A module's change carried to the module of another model by ridge least squares, so that it does
 * there to the same tokens what it did. The new inputs X₁ are translated into the old ones, X₁·T ≈
 * X₀, and the old outputs into the new ones, X₀·W₀ᵀ·P ≈ X₁·W₁ᵀ; then X₁·ΔW₁ᵀ ≈ X₀·ΔW₀ᵀ·P with ΔW₁ =
 * PᵀB · ATᵀ, of the old rank: among all matrices this is the ridge solution, so nothing is cut off.
 *
 * @param factors of the new module, in the scope that was open
 * @param target ‖X₀·ΔW₀ᵀ·P‖²
 * @param missed ‖X₁·ΔW₁ᵀ − X₀·ΔW₀ᵀ·P‖²
 * @param missedAsIs the same of the old factors as they are, if they fit
 */
public record Carried(Factors factors, double target, double missed, OptionalDouble missedAsIs) {
  /** The share of the mean square of the inputs that is added to each. */
  public static final double RIDGE = 1e-6;

  /**
   * Carries a change, in the scope that is open.
   *
   * @param inputs of both modules
   * @param old the change; no DoRA
   * @param before W₀, (out₀, in₀), any type
   * @param after W₁, (out₁, in₁), any type
   */
  public static Carried of(Moments inputs, Factors old, Tensor before, Tensor after, double ridge) {
    try (Scope scope = Scope.open()) {
      Factors change = old.scaled(1).whole();
      Tensor a = change.a().to(DType.F64);
      Tensor b = change.b().to(DType.F64).times(change.scale());
      Tensor inward = map(inputs.after(), inputs.across(), ridge);
      Tensor w0 = before.to(DType.F64);
      Tensor outward =
          map(
              w0.matmul(inputs.before()).matmul(w0.transpose(0, 1)),
              w0.matmul(inputs.across().transpose(0, 1))
                  .matmul(after.to(DType.F64).transpose(0, 1)),
              ridge);
      Tensor ownA = a.matmul(inward.transpose(0, 1));
      Tensor ownB = outward.transpose(0, 1).matmul(b);
      Effect effect = new Effect(inputs, a, ownB);
      boolean fits = ownA.size(1) == a.size(1) && ownB.size(0) == b.size(0);
      return new Carried(
          new Factors(
              scope.keep(ownA.to(DType.F32).contiguous()),
              scope.keep(ownB.to(DType.F32).contiguous()),
              1),
          effect.target(),
          effect.missed(ownA, ownB),
          fits ? OptionalDouble.of(effect.missed(a, b)) : OptionalDouble.empty());
    }
  }

  /**
   * The matrix M with the least ‖X·M − Y‖² + λ‖M − M₀‖². What the tokens say nothing of stays as it
   * was: M₀ is the identity where both have one width, and nothing otherwise.
   *
   * @param gram XᵀX
   * @param across XᵀY
   * @param ridge λ as a share of the mean of XᵀX's diagonal
   */
  private static Tensor map(Tensor gram, Tensor across, double ridge) {
    long width = gram.size(0);
    Tensor identity = Tensor.identity(DType.F64, width);
    double mean = gram.times(identity).sum().item() / width;
    Cholesky weighed =
        Cholesky.of(gram.plus(identity.timesInPlace(Math.max(ridge * mean, 1e-300))));
    return width == across.size(1)
        ? weighed.solve(across.minus(gram)).plusInPlace(Tensor.identity(DType.F64, width))
        : weighed.solve(across);
  }

  /**
   * What a change does along the tokens: X₀·Aᵀ·Bᵀ.
   *
   * @param a (rank, in₀)
   * @param b (out₁, rank)
   */
  private record Effect(Moments inputs, Tensor a, Tensor b) {
    double target() {
      return product(a.matmul(inputs.before()).matmul(a.transpose(0, 1)), b, b);
    }

    /** How far another change of the new inputs is from it, squared. */
    double missed(Tensor otherA, Tensor otherB) {
      Tensor own = otherA.matmul(inputs.after()).matmul(otherA.transpose(0, 1));
      Tensor both = otherA.matmul(inputs.across()).matmul(a.transpose(0, 1));
      return Math.max(0, product(own, otherB, otherB) - 2 * product(both, otherB, b) + target());
    }

    /** The trace of Lᵀ·core·R for effects U·Lᵀ and V·Rᵀ with core = UᵀV. */
    private static double product(Tensor core, Tensor left, Tensor right) {
      return core.times(left.transpose(0, 1).matmul(right)).sum().item();
    }
  }
}
