package dev.palimpsest.tensor;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** The neural operations that a decoder is made of. */
public final class Functional {
  private Functional() {}

  /**
   * x · wᵀ.
   *
   * @param x (rows, in)
   * @param w (out, in)
   */
  public static Tensor linear(Tensor x, Tensor w) {
    return OneDnn.isFor(x, w, w.size(0))
        ? OneDnn.product(x, w)
        : new Tensor(torch.linear(x.handle(), w.handle()));
  }

  /**
   * x · wᵀ + b.
   *
   * @param x (rows, in)
   * @param w (out, in)
   * @param b (out)
   */
  public static Tensor linear(Tensor x, Tensor w, @Nullable Tensor b) {
    return b == null
        ? linear(x, w)
        : new Tensor(torch.linear(x.handle(), w.handle(), new TensorOptional(b.handle())));
  }

  /** x / √(mean(x²) + ε) · weight along the last axis (Zhang and Sennrich, 1910.07467). */
  public static Tensor rmsNorm(Tensor x, Tensor weight, double epsilon) {
    long[] axis = {weight.count()};
    return new Tensor(
        torch.rms_norm(
            x.handle(), axis, new TensorOptional(weight.handle()), new DoubleOptional(epsilon)));
  }

  public static Tensor silu(Tensor x) {
    return new Tensor(torch.silu(x.handle()));
  }

  /** GELU by its tanh approximation. */
  public static Tensor geluTanh(Tensor x) {
    return new Tensor(torch.gelu(x.handle(), "tanh"));
  }

  /**
   * Rotates the two halves of the last axis (Hugging Face's half-split RoPE).
   *
   * @param x any strides
   * @param cos of x's shape or broadcast to it, both halves alike
   * @param sin as cos, the first half negated: (−s, s)
   */
  public static Tensor rope(Tensor x, Tensor cos, Tensor sin) {
    return turned(x, cos, sin, 1);
  }

  /** The gradient by x of {@link #rope}: the rotation back. */
  public static Tensor ropeBackward(Tensor gradient, Tensor cos, Tensor sin) {
    return turned(gradient, cos, sin, -1);
  }

  private static Tensor turned(Tensor x, Tensor cos, Tensor sin, int direction) {
    long half = x.size(-1) / 2;
    Tensor turned = x.times(cos);
    turned
        .narrow(-1, 0, half)
        .plusProductInPlace(x.narrow(-1, half, half), sin.narrow(-1, 0, half), direction);
    turned
        .narrow(-1, half, half)
        .plusProductInPlace(x.narrow(-1, 0, half), sin.narrow(-1, half, half), direction);
    return turned;
  }

  /**
   * Softmax(q · kᵀ · scale + mask) · v.
   *
   * @param q (batch, heads, rows, dim)
   * @param k (batch, heads, columns, dim)
   * @param v as k
   * @param mask (rows, columns), added to the scores; null for {@linkplain #causalAttention causal
   *     attention}
   */
  public static Tensor attention(
      Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
    return mask == null
        ? causalAttention(q, k, v, scale)
        : attend(q, k, v, new TensorOptional(mask.handle()), false, scale);
  }

  /** Attention in which row i sees columns 0 … i. */
  public static Tensor causalAttention(Tensor q, Tensor k, Tensor v, double scale) {
    return attend(q, k, v, new TensorOptional(), true, scale);
  }

  private static Tensor attend(
      Tensor q, Tensor k, Tensor v, TensorOptional mask, boolean causal, double scale) {
    if (q.device() == Device.META) { // libtorch's shape rule for it is not in C++
      return softmax(q.matmul(k.transpose(2, 3))).matmul(v);
    }
    return Native.attending(
        () ->
            new Tensor(
                torch.scaled_dot_product_attention(
                    q.handle(),
                    k.handle(),
                    v.handle(),
                    mask,
                    0,
                    causal,
                    new DoubleOptional(scale),
                    false)));
  }

  /** Softmax along the last axis. */
  public static Tensor softmax(Tensor x) {
    return new Tensor(torch.softmax(x.handle(), -1, new ScalarTypeOptional()));
  }

  /** log softmax along the last axis, in F32 or wider. */
  public static Tensor logSoftmax(Tensor x) {
    DType type = x.dtype() == DType.F64 ? DType.F64 : DType.F32;
    ScalarTypeOptional wide = new ScalarTypeOptional(type.scalarType());
    return new Tensor(torch.log_softmax(x.handle(), -1, wide));
  }

  /** The element of each row that {@code index} names: (rows, n), (rows) → (rows). */
  public static Tensor pick(Tensor x, Tensor index) {
    return new Tensor(x.handle().gather(1, x.index(index).unsqueeze(1)).squeeze(1));
  }

  /** Overwrites a tensor with a · b. */
  public static void product(Tensor into, Tensor a, Tensor b) {
    torch.mul_out(into.handle(), a.handle(), b.handle());
  }

  /** Overwrites a tensor with gradient · silu'(x). */
  public static void siluBackward(Tensor into, Tensor gradient, Tensor x) {
    torch.silu_backward_out(into.handle(), gradient.handle(), x.handle());
  }

  /** Overwrites a tensor with gradient · gelu'(x), tanh approximation. */
  public static void geluTanhBackward(Tensor into, Tensor gradient, Tensor x) {
    torch.gelu_backward_out(into.handle(), gradient.handle(), x.handle(), "tanh");
  }
}
