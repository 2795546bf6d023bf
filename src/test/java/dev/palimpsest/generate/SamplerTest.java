package dev.palimpsest.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final int DRAWS = 20_000;

  /** Probabilities 0.5, 0.3, 0.15, 0.05, out of order. */
  private static final float[] LOGITS = {log(0.15), log(0.5), log(0.05), log(0.3)};

  private static float log(double probability) {
    return (float) (Math.log(probability) + 3);
  }

  @Test
  void choose_temperatureZero_isTheFirstOfTheMostLikely() {
    Sampler greedy = sampler(0, 0, 1);

    assertThat(choose(greedy, LOGITS)).isEqualTo(1);
    assertThat(choose(greedy, 1, 4, 4, 2)).isEqualTo(1);
  }

  @Test
  void choose_temperatureOne_drawsTheModelsOwnDistribution() {
    assertShares(sampler(1, 0, 1), 0.15, 0.5, 0.05, 0.3);
  }

  @Test
  void choose_temperatureTwo_drawsFromSquareRoots() {
    double total = Math.sqrt(0.15) + Math.sqrt(0.5) + Math.sqrt(0.05) + Math.sqrt(0.3);

    assertShares(
        sampler(2, 0, 1),
        Math.sqrt(0.15) / total,
        Math.sqrt(0.5) / total,
        Math.sqrt(0.05) / total,
        Math.sqrt(0.3) / total);
  }

  @Test
  void choose_topK_drawsFromTheKMostLikely() {
    assertShares(sampler(1, 2, 1), 0, 0.5 / 0.8, 0, 0.3 / 0.8);
    assertShares(sampler(1, 9, 1), 0.15, 0.5, 0.05, 0.3);
  }

  @Test
  void choose_topP_drawsFromTheFewestThatReachIt() {
    assertShares(sampler(1, 0, 0.9), 0.15 / 0.95, 0.5 / 0.95, 0, 0.3 / 0.95);
    assertShares(sampler(1, 0, 0.4), 0, 1, 0, 0);
  }

  @Test
  void choose_topKThenTopP_measuresTopPAmongTheK() {
    // of the two kept, the first has 0.625
    assertShares(sampler(1, 2, 0.6), 0, 1, 0, 0);
    assertShares(sampler(1, 2, 0.7), 0, 0.5 / 0.8, 0, 0.3 / 0.8);
  }

  @Test
  void choose_sameSeed_drawsTheSame() {
    Sampler first = sampler(1, 0, 1);
    Sampler second = sampler(1, 0, 1);

    for (int i = 0; i < 100; i++) {
      assertThat(choose(first, LOGITS)).isEqualTo(choose(second, LOGITS));
    }
  }

  private static int choose(Sampler sampler, float... logits) {
    try (Scope _ = Scope.open()) {
      Tensor row = Tensor.of(logits, 1, logits.length);
      return sampler.choose(row, row.argmax(1).ints()[0]);
    }
  }

  private static Sampler sampler(double temperature, int topK, double topP) {
    return Sampler.of(
        new Decoding(1, temperature, topK, topP, 0, List.of()), new Seeds(5).generator("draws"));
  }

  /** Within four standard deviations of the widest share. */
  private static void assertShares(Sampler sampler, double... shares) {
    int[] counts = new int[shares.length];
    for (int i = 0; i < DRAWS; i++) {
      counts[choose(sampler, LOGITS)]++;
    }
    for (int token = 0; token < shares.length; token++) {
      double share = (double) counts[token] / DRAWS;
      double error = shares[token] == 0 ? 0 : 4 * 0.5 / Math.sqrt(DRAWS);
      assertThat(share).as("token %s", token).isCloseTo(shares[token], within(error));
    }
  }
}
