package dev.palimpsest.tensor;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * A tensor divided by its root mean square along the last axis (Zhang and Sennrich, 1910.07467), as
 * the gradient needs it.
 *
 * @param x F32 or BF16; not to be written to
 * @param inverse 1 / √(mean(x²) + ε), F32, its last axis 1
 */
public record RmsNorm(Tensor x, Tensor inverse) {
  private static final long[] LAST_AXIS = {-1};

  /** x divided by its root mean square, times a weight; and the norm. */
  public record Normed(Tensor output, RmsNorm norm) {}

  /**
   * Divides and weighs.
   *
   * @param x (rows, width) or (rows, heads, width), F32 or BF16
   * @param weight (width), F32
   * @param type of the output, F32 or BF16
   */
  public static Normed of(Tensor x, Tensor weight, double epsilon, DType type) {
    if (HeadRows.takes(x)) {
      long[] shape = x.shape();
      Tensor output = Tensor.empty(type, shape);
      shape[shape.length - 1] = 1;
      RmsNorm norm = new RmsNorm(x, Tensor.empty(DType.F32, shape));
      NormRows.of(norm, weight).forward(HeadRows.of(output), epsilon);
      return new Normed(output, norm);
    }
    RmsNorm norm = new RmsNorm(x, inverse(x.to(DType.F32), epsilon));
    return new Normed(norm.output(weight, type), norm);
  }

  private static Tensor inverse(Tensor x, double epsilon) {
    var inverse =
        torch.linalg_vector_norm(
            x.handle(), new Scalar(2), LAST_AXIS, true, new ScalarTypeOptional());
    inverse.square_().mul_(new Scalar(1.0 / x.size(-1))).add_(new Scalar(epsilon)).rsqrt_();
    return new Tensor(inverse);
  }

  /** The output, made again. */
  public Tensor output(Tensor weight, DType type) {
    if (HeadRows.takes(x)) {
      Tensor output = Tensor.empty(type, x.shape());
      NormRows.of(this, weight).again(HeadRows.of(output));
      return output;
    }
    return unit().times(weight).to(type);
  }

  /** x divided by its root mean square, F32. */
  public Tensor unit() {
    return x.to(DType.F32).times(inverse);
  }

  /**
   * Adds the gradient by x, given the one by the output: inverse · (g − unit · mean(g · unit)) with
   * g = gradient · weight.
   *
   * @param gradient F32 or BF16
   * @param into of x's shape, F32
   */
  public void addGradient(Tensor gradient, Tensor weight, Tensor into) {
    if (HeadRows.takes(x)) {
      NormRows.of(this, weight).addGradient(HeadRows.of(gradient), HeadRows.of(into));
      return;
    }
    var unit = unit().handle();
    var g = gradient.to(DType.F32).handle().mul(weight.handle());
    var mean = g.mul(unit).mean(LAST_AXIS, true, new ScalarTypeOptional());
    into.handle().addcmul_(g, inverse.handle());
    into.handle().addcmul_(unit, mean.mul_(inverse.handle()), new Scalar(-1));
  }
}
