package dev.palimpsest.tensor;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * A tensor divided by its root mean square along the last axis (Zhang and Sennrich, 1910.07467), as
 * the gradient needs it.
 *
 * @param unit x / √(mean(x²) + ε), F32
 * @param inverse 1 / √(mean(x²) + ε), F32, its last axis 1
 */
public record RmsNorm(Tensor unit, Tensor inverse) {
  private static final long[] LAST_AXIS = {-1};

  /** Divides x, F32, by its root mean square. */
  public static RmsNorm of(Tensor x, double epsilon) {
    var inverse =
        torch.linalg_vector_norm(
            x.handle(), new Scalar(2), LAST_AXIS, true, new ScalarTypeOptional());
    inverse.square_().mul_(new Scalar(1.0 / x.size(-1))).add_(new Scalar(epsilon)).rsqrt_();
    return new RmsNorm(new Tensor(x.handle().mul(inverse)), new Tensor(inverse));
  }

  /**
   * Adds the gradient by x of unit · weight, given the one by that product: inverse · (g − unit ·
   * mean(g · unit)) with g = gradient · weight.
   *
   * @param gradient F32
   * @param into of x's shape
   */
  public void addGradient(Tensor gradient, Tensor weight, Tensor into) {
    var g = gradient.handle().mul(weight.handle());
    var mean = g.mul(unit.handle()).mean(LAST_AXIS, true, new ScalarTypeOptional());
    into.handle().addcmul_(g, inverse.handle());
    into.handle().addcmul_(unit.handle(), mean.mul_(inverse.handle()), new Scalar(-1));
  }
}
