package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.Cholesky;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Optional;
import java.util.SplittableRandom;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Against NumPy at the default model's shapes (reference/extract.py), and what must hold. */
class LowRankTest {
  private static final JsonNode CASES = Reference.json("extract").get("cases");
  private static final Percentage CLOSE = Percentage.withPercentage(1e-3);

  private static Tensor uniform(long seed, int rows, int columns) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = random.doubles((long) rows * columns).map(each -> each - 0.5).toArray();
    return Tensor.of(values, rows, columns);
  }

  private static Tensor falling(int size) {
    double[] values = new double[size];
    for (int i = 0; i < size; i++) {
      values[i] = 1 / Math.sqrt(1 + i);
    }
    return Tensor.of(values, size);
  }

  private static Tensor change(int out, int in) {
    return uniform(out * 10_000L + in + 7, out, in).times(falling(out).unsqueeze(1));
  }

  private static Tensor inputs(int in, int tokens) {
    Tensor x = uniform(in + 3, tokens, in).plusInPlace(0.2).times(falling(in));
    return InputMoments.ridged(x.transpose(0, 1).matmul(x), tokens);
  }

  private static Tensor product(LowRank pair) {
    return pair.factors().b().matmul(pair.factors().a()).to(DType.F64);
  }

  private static double norm(Tensor matrix) {
    return Math.sqrt(matrix.square().sum().item());
  }

  private static double weighed(Tensor matrix, Tensor inputs) {
    return norm(matrix.matmul(Cholesky.of(inputs).l()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void of_inputs_isNumpys(int index) {
    JsonNode expected = CASES.get(index);
    try (Scope _ = Scope.open()) {
      Tensor change = change(expected.get("out").asInt(), expected.get("in").asInt());
      Tensor inputs = inputs(expected.get("in").asInt(), expected.get("tokens").asInt());
      double[] values = LowRank.values(change, Optional.of(inputs));
      for (int i = 0; i < expected.get("values").size(); i++) {
        assertThat(values[i]).isCloseTo(expected.get("values").get(i).asDouble(), CLOSE);
      }
      for (JsonNode each : expected.get("pairs")) {
        assertPair(each, change, inputs);
      }
    }
  }

  private static void assertPair(JsonNode expected, Tensor change, Tensor inputs) {
    try (Scope _ = Scope.open()) {
      LowRank pair = LowRank.of(change, Optional.of(inputs), expected.get("rank").asInt());
      Tensor product = product(pair);
      double norm = expected.get("norm").asDouble();
      assertThat(norm(product)).isCloseTo(norm, CLOSE);
      assertThat(Math.sqrt(pair.missed()) / norm(change))
          .isCloseTo(expected.get("error").asDouble(), CLOSE);
      assertThat(weighed(change.minus(product), inputs) / weighed(change, inputs))
          .isCloseTo(expected.get("weighted_error").asDouble(), CLOSE);
      double[] rows = product.sum(1).doubles();
      double[] columns = product.sum(0).doubles();
      for (int i = 0; i < 8; i++) {
        assertThat(rows[i])
            .isCloseTo(expected.get("row_sums").get(i).asDouble(), within(1e-5 * norm));
        assertThat(columns[i])
            .isCloseTo(expected.get("column_sums").get(i).asDouble(), within(1e-5 * norm));
      }
    }
  }

  @Test
  void of_inputsAlikeInAllDirections_isThePlainPair() {
    try (Scope _ = Scope.open()) {
      Tensor change = change(48, 72);
      Tensor alike = Tensor.identity(DType.F64, 72).timesInPlace(3);
      LowRank plain = LowRank.of(change, Optional.empty(), 5);
      LowRank along = LowRank.of(change, Optional.of(alike), 5);

      assertThat(norm(product(along).minus(product(plain)))).isLessThan(1e-6 * norm(change));
      assertThat(along.missed()).isCloseTo(plain.missed(), CLOSE);
    }
  }

  @Test
  void of_anyRank_missesLeastByItsOwnMeasure() {
    try (Scope _ = Scope.open()) {
      Tensor change = change(24, 36);
      Tensor inputs = inputs(36, 20);
      double[] values = LowRank.values(change, Optional.of(inputs));
      for (int rank = 1; rank < 24; rank++) {
        LowRank plain = LowRank.of(change, Optional.empty(), rank);
        LowRank along = LowRank.of(change, Optional.of(inputs), rank);
        double missed = weighed(change.minus(product(along)), inputs);
        double rest = 0;
        for (int i = rank; i < values.length; i++) {
          rest += values[i] * values[i];
        }

        assertThat(missed).isLessThan(weighed(change.minus(product(plain)), inputs));
        assertThat(missed).isCloseTo(Math.sqrt(rest), within(1e-6 * values[0]));
        assertThat(plain.missed()).isLessThan(along.missed());
      }
    }
  }
}
