package dev.palimpsest.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.IValue;
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
  private static final Operator FORWARD = new Operator(NAME);
  private static final Operator BACKWARD = new Operator(NAME + "_backward");

  /** Gradients by the three inputs, in their shapes. */
  public record Gradients(Tensor q, Tensor k, Tensor v) {}

  /** Computes it. */
  public static FlashAttention of(
      Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
    Operator.Results results = call(FORWARD, mask, scale, q, k, v);
    return new FlashAttention(q, k, v, mask, scale, results.tensor(0), results.tensor(1));
  }

  /** The gradients, given the one by the output. */
  public Gradients backward(Tensor gradient) {
    Operator.Results results = call(BACKWARD, mask, scale, gradient, q, k, v, output, logSumExp);
    return new Gradients(results.tensor(0), results.tensor(1), results.tensor(2));
  }

  private static Operator.Results call(
      Operator operator, @Nullable Tensor mask, double scale, Tensor... tensors) {
    List<IValue> arguments = new ArrayList<>();
    for (Tensor tensor : tensors) {
      arguments.add(new IValue(tensor.handle()));
    }
    arguments.add(new IValue(0.0)); // no dropout
    arguments.add(new IValue(mask == null));
    arguments.add(mask == null ? new IValue() : new IValue(mask.handle()));
    arguments.add(new IValue(scale));
    return Native.attending(() -> operator.call(arguments.toArray(IValue[]::new)));
  }
}
