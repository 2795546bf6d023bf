package dev.palimpsest.tensor;

import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.jspecify.annotations.Nullable;

/**
 * Softmax(q · kᵀ · scale + mask) · v in tiles on the CPU, and its gradient (Dao et al.,
 * 2205.14135). No presets list these operations; ATen's native_functions.yaml has their arguments.
 *
 * @param q (batch, heads, rows, dim)
 * @param k (batch, heads, columns, dim)
 * @param v as k
 * @param mask (rows, columns), added to the scores; null for causal attention
 * @param output as q
 * @param logSumExp of the scores of each row
 */
public record FlashAttention(
    Tensor q,
    Tensor k,
    Tensor v,
    @Nullable Tensor mask,
    double scale,
    Tensor output,
    Tensor logSumExp) {
  private static final String NAME = "aten::_scaled_dot_product_flash_attention_for_cpu";
  private static final OperatorHandle FORWARD = operator(NAME);
  private static final OperatorHandle BACKWARD = operator(NAME + "_backward");

  private static OperatorHandle operator(String name) {
    Native.load();
    OperatorHandle found = Dispatcher.singleton().findSchemaOrThrow(name, "");
    found.retainReference(); // it outlives the scope that happens to be open
    return found;
  }

  /** Gradients by the three inputs, in their shapes. */
  public record Gradients(Tensor q, Tensor k, Tensor v) {}

  /** Computes it. */
  public static FlashAttention of(
      Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
    IValueVector results = call(FORWARD, mask, scale, q, k, v);
    return new FlashAttention(q, k, v, mask, scale, tensor(results, 0), tensor(results, 1));
  }

  /** The gradients, given the one by the output. */
  public Gradients backward(Tensor gradient) {
    IValueVector results = call(BACKWARD, mask, scale, gradient, q, k, v, output, logSumExp);
    return new Gradients(tensor(results, 0), tensor(results, 1), tensor(results, 2));
  }

  private static IValueVector call(
      OperatorHandle operator, @Nullable Tensor mask, double scale, Tensor... tensors) {
    IValueVector stack = new IValueVector();
    for (Tensor tensor : tensors) {
      stack.push_back(new IValue(tensor.handle()));
    }
    stack.push_back(new IValue(0.0)); // no dropout
    stack.push_back(new IValue(mask == null));
    stack.push_back(mask == null ? new IValue() : new IValue(mask.handle()));
    stack.push_back(new IValue(scale));
    return Native.attending(
        () -> {
          operator.callBoxed(stack);
          return stack;
        });
  }

  private static Tensor tensor(IValueVector stack, long index) {
    // the stack owns what it hands out, so a handle of its own
    return new Tensor(new org.bytedeco.pytorch.Tensor(stack.get(index).toTensor()));
  }
}
