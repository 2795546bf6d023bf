package dev.palimpsest.tensor;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Softmax(q · kᵀ · scale + mask) · v by whatever kernel libtorch takes on a device, with its
 * gradient by libtorch's graph.
 *
 * @param q (batch, heads, rows, dim), a leaf of the graph, as k and v are
 * @param k (batch, heads, columns, dim)
 * @param v as k
 * @param output as q
 */
public record RecordedAttention(Tensor q, Tensor k, Tensor v, Tensor output) {
  /**
   * Computes it.
   *
   * @param mask (rows, columns), added to the scores; null for causal attention
   */
  public static RecordedAttention of(
      Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
    Tensor queries = q.detach().requireGradient();
    Tensor keys = k.detach().requireGradient();
    Tensor values = v.detach().requireGradient();
    return Native.withGradients(
        () ->
            new RecordedAttention(
                queries, keys, values, Functional.attention(queries, keys, values, mask, scale)));
  }

  /** Gradients by the three inputs, in their shapes. */
  public record Gradients(Tensor q, Tensor k, Tensor v) {}

  /** The gradients, given the one by the output; once. */
  public Gradients backward(Tensor gradient) {
    output.backward(gradient);
    return new Gradients(by(q), by(k), by(v));
  }

  private static Tensor by(Tensor leaf) {
    return Objects.requireNonNull(leaf.gradient());
  }

  /** Keeps what the gradient needs. */
  public void keep(Scope scope) {
    scope.keep(q);
    scope.keep(k);
    scope.keep(v);
    scope.keep(output);
  }
}
