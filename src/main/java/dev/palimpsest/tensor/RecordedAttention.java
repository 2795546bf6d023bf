package dev.palimpsest.tensor;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Attention whose gradient libtorch's graph gives, by whatever kernel it takes on a device.
 *
 * @param q a leaf of the graph, as k and v are
 */
record RecordedAttention(Tensor q, Tensor k, Tensor v, Tensor output) implements SavedAttention {

  static RecordedAttention of(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
    Tensor queries = q.detach().requireGradient();
    Tensor keys = k.detach().requireGradient();
    Tensor values = v.detach().requireGradient();
    return Native.withGradients(
        () ->
            new RecordedAttention(
                queries,
                keys,
                values,
                mask == null
                    ? Functional.causalAttention(queries, keys, values, scale)
                    : Functional.attention(queries, keys, values, mask, scale)));
  }

  @Override
  public Gradients backward(Tensor gradient) {
    output.backward(gradient);
    return new Gradients(by(q), by(k), by(v));
  }

  private static Tensor by(Tensor leaf) {
    return Objects.requireNonNull(leaf.gradient());
  }

  @Override
  public void keep(Scope scope) {
    scope.keep(q);
    scope.keep(k);
    scope.keep(v);
    scope.keep(output);
  }
}
