package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The products of vectors against the definition in fp64, and against libtorch's attention. */
class DecodeAttentionTest {
  private static final int CAPACITY = 150;
  private static final int DIM = 64;
  private static final double SCALE = 0.125;
  private static final int[] FIRST = {0, 0, 7, 90, 149};
  private static final int[] COUNT = {1, 150, 60, 44, 1};

  /** Queries, keys and values of more slots than are asked. */
  private record Case(Tensor q, Tensor keys, Tensor values, int group) {
    static Case of(int heads, int shared) {
      int slots = FIRST.length + 2;
      return new Case(
          random(1, FIRST.length, heads, DIM),
          random(2, slots, CAPACITY, shared, DIM),
          random(3, slots, CAPACITY, shared, DIM),
          heads / shared);
    }

    private static Tensor random(long seed, long... shape) {
      Random random = new Random(seed);
      float[] values = new float[(int) FlatView.elements(shape)];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return Tensor.of(values, shape);
    }

    /** One head of one sequence by the definition. */
    double[] defined(int sequence, int head) {
      double[] weights = new double[COUNT[sequence]];
      Arrays.setAll(
          weights,
          row -> {
            double score = 0;
            for (int i = 0; i < DIM; i++) {
              score += at(q, sequence, head, i) * kept(keys, sequence, row, head, i);
            }
            return Math.exp(SCALE * score);
          });
      double sum = Arrays.stream(weights).sum();
      double[] output = new double[DIM];
      for (int row = 0; row < weights.length; row++) {
        for (int i = 0; i < DIM; i++) {
          output[i] += weights[row] / sum * kept(values, sequence, row, head, i);
        }
      }
      return output;
    }

    private double kept(Tensor tensor, int sequence, int row, int head, int i) {
      return at(tensor, sequence, FIRST[sequence] + row, head / group, i);
    }

    private static double at(Tensor tensor, int... place) {
      long index = 0;
      for (int axis = 0; axis < place.length; axis++) {
        index = index * tensor.size(axis) + place[axis];
      }
      return tensor.segment().getAtIndex(ValueLayout.JAVA_FLOAT, index);
    }
  }

  @ParameterizedTest
  @CsvSource({"6, 2", "4, 4", "5, 1"})
  void bothWays_areTheDefinition(int heads, int shared) {
    try (Scope _ = Scope.open()) {
      Case data = Case.of(heads, shared);
      DecodeAttention attention = new DecodeAttention(FIRST, COUNT);

      float[] byVectors = attention.byVectors(data.q, data.keys, data.values, SCALE).floats();
      float[] masked = attention.masked(data.q, data.keys, data.values, SCALE).floats();

      for (int sequence = 0; sequence < FIRST.length; sequence++) {
        for (int head = 0; head < heads; head++) {
          double[] defined = data.defined(sequence, head);
          for (int i = 0; i < DIM; i++) {
            int at = (sequence * heads + head) * DIM + i;
            assertThat((double) byVectors[at]).isCloseTo(defined[i], within(1e-5));
            assertThat((double) masked[at]).isCloseTo(defined[i], within(1e-5));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "5, 2"})
  void of_aSequencesBits_doNotHangOnItsCompany(int company, int threads) {
    int before = Native.threads();
    try (Scope _ = Scope.open()) {
      Case data = Case.of(256, 64); // all together are worth two threads
      float[] all =
          new DecodeAttention(FIRST, COUNT).of(data.q, data.keys, data.values, SCALE).floats();
      Native.threads(threads);

      float[] some =
          new DecodeAttention(Arrays.copyOf(FIRST, company), Arrays.copyOf(COUNT, company))
              .of(data.q.narrow(0, 0, company), data.keys, data.values, SCALE)
              .floats();

      assertThat(some).containsExactly(Arrays.copyOf(all, some.length));
    } finally {
      Native.threads(before);
    }
  }
}
