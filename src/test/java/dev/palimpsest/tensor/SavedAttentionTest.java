package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention by libtorch's graph, as on GPUs, against that by the CPU's own operation. */
class SavedAttentionTest {
  private static final long[] QUERIES = {2, 3, 21, 8};

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void backward_ofAGraph_isTheOperations(boolean masked) {
    try (Scope _ = Scope.open()) {
      Random random = new Random(11);
      Tensor q = drawn(random, QUERIES);
      Tensor k = drawn(random, 2, 1, 21, 8).expand(QUERIES);
      Tensor v = drawn(random, 2, 1, 21, 8).expand(QUERIES);
      Tensor mask = masked ? drawn(random, 21, 21) : null;
      Tensor byOutput = drawn(random, QUERIES);
      SavedAttention expected = FlashAttention.of(q, k, v, mask, 0.3);

      SavedAttention found =
          Native.withoutGradients(() -> RecordedAttention.of(q, k, v, mask, 0.3));

      assertClose(found.output(), expected.output());
      SavedAttention.Gradients by = Native.withoutGradients(() -> found.backward(byOutput));
      SavedAttention.Gradients as = expected.backward(byOutput);
      assertClose(by.q(), as.q());
      assertClose(by.k(), as.k());
      assertClose(by.v(), as.v());
      assertThat(q.recorded()).isFalse();
    }
  }

  private static Tensor drawn(Random random, long... shape) {
    float[] values = new float[(int) FlatView.elements(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, shape);
  }

  private static void assertClose(Tensor found, Tensor expected) {
    assertThat(found.floats()).containsExactly(expected.floats(), within(2e-5f));
  }
}
