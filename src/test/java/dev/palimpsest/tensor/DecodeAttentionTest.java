package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Against the definition in fp64. */
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
          Gaussian.tensor(1, FIRST.length, heads, DIM),
          Gaussian.tensor(2, slots, CAPACITY, shared, DIM),
          Gaussian.tensor(3, slots, CAPACITY, shared, DIM),
          heads / shared);
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

    /** Of the first sequences; a row of queries is wider than they are. */
    float[] attended(int sequences) {
      int heads = Math.toIntExact(q.size(1));
      FloatRows queries = new FloatRows(sequences, heads * DIM + 3);
      for (int i = 0; i < sequences; i++) {
        MemorySegment.copy(
            q.segment(),
            ValueLayout.JAVA_FLOAT,
            (long) i * heads * DIM * Float.BYTES,
            queries.values(),
            i * queries.width(),
            heads * DIM);
      }
      FloatRows into = new FloatRows(sequences, heads * DIM);
      new DecodeAttention(Arrays.copyOf(FIRST, sequences), Arrays.copyOf(COUNT, sequences))
          .of(queries, DecodeAttention.Kept.of(keys, values, CAPACITY), SCALE, into);
      return into.values();
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
  void of_isTheDefinition(int heads, int shared) {
    try (Scope _ = Scope.open()) {
      Case data = Case.of(heads, shared);

      float[] output = data.attended(FIRST.length);

      for (int sequence = 0; sequence < FIRST.length; sequence++) {
        for (int head = 0; head < heads; head++) {
          double[] defined = data.defined(sequence, head);
          for (int i = 0; i < DIM; i++) {
            double actual = output[(sequence * heads + head) * DIM + i];
            assertThat(actual).isCloseTo(defined[i], within(1e-5));
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
      float[] all = data.attended(FIRST.length);
      Native.threads(threads);

      float[] some = data.attended(company);

      assertThat(some).containsExactly(Arrays.copyOf(all, some.length));
    } finally {
      Native.threads(before);
    }
  }

  @ParameterizedTest
  @EnumSource
  void product_withoutOpenBlas_isTheSame(Blas.Form form) {
    try (Scope _ = Scope.open()) {
      Blas.Matrix matrix = new Blas.Matrix(Gaussian.tensor(4, 30, 70).segment(), 30, DIM, 70);
      MemorySegment x = Gaussian.tensor(5, DIM).segment();
      float[] expected = new float[form == Blas.Form.PLAIN ? 30 : DIM];
      float[] actual = new float[expected.length];

      Blas.product(MemorySegment.ofArray(expected), 0.5f, matrix, form, x);
      Blas.plainProduct(MemorySegment.ofArray(actual), 0.5f, matrix, form, x);

      assertThat(actual).containsExactly(expected, within(1e-5f));
    }
  }
}
