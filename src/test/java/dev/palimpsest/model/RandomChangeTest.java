package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class RandomChangeTest {
  private static Tensor random(long rows, long columns, long seed) {
    float[] values = new float[(int) (rows * columns)];
    var draws = new Seeds(seed).generator("test", 0);
    for (int i = 0; i < values.length; i++) {
      values[i] = draws.nextFloat() - 0.5f;
    }
    return Tensor.of(values, rows, columns);
  }

  private static double norm(Factors factors) {
    Factors whole = factors.whole();
    return whole.scale() * Math.sqrt(whole.b().matmul(whole.a()).square().sum().item());
  }

  private static Factors random(Map<String, Factors> like, long seed) {
    return Objects.requireNonNull(RandomChange.like(like, new Seeds(seed)).get("m"));
  }

  @Test
  void norm_isThatOfTheProduct() {
    try (Scope _ = Scope.open()) {
      Factors plain = new Factors(random(4, 24, 1), random(40, 4, 2), 0.7);
      assertThat(plain.norm()).isCloseTo(norm(plain), within(1e-5));
      Factors started =
          new Factors(
              random(4, 24, 1),
              random(40, 4, 2),
              0.7,
              null,
              new Factors.Start(random(4, 24, 3), random(40, 4, 4)));
      assertThat(started.norm()).isCloseTo(norm(started), within(1e-5));
    }
  }

  @Test
  void like_hasTheSameNormAndAnotherDirection() {
    try (Scope _ = Scope.open()) {
      Factors own = new Factors(random(4, 24, 1), random(40, 4, 2), 0.7);
      Factors one = random(Map.of("m", own), 1);
      Factors two = random(Map.of("m", own), 2);

      assertThat(norm(one)).isCloseTo(norm(own), within(1e-5));
      assertThat(norm(two)).isCloseTo(norm(own), within(1e-5));
      assertThat(random(Map.of("m", own), 1).a().floats()).isEqualTo(one.a().floats());
      assertThat(two.a().floats()).isNotEqualTo(one.a().floats());
      double cosine =
          one.b().matmul(one.a()).times(own.b().matmul(own.a())).sum().item()
              * one.scale()
              * own.scale()
              / (norm(own) * norm(own));
      assertThat(Math.abs(cosine)).isLessThan(0.3);
    }
  }

  @Test
  void like_ofNoChange_isNone() {
    try (Scope _ = Scope.open()) {
      Factors none = new Factors(random(4, 24, 1), random(40, 4, 2).times(0), 0.7);
      assertThat(norm(random(Map.of("m", none), 1))).isZero();
    }
  }

  @Test
  void like_dora_isRefused() {
    try (Scope _ = Scope.open()) {
      Factors dora = new Factors(random(4, 24, 1), random(40, 4, 2), 1, random(40, 1, 3), null);
      assertThatThrownBy(() -> RandomChange.like(Map.of("m", dora), new Seeds(0)))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("DoRA");
    }
  }
}
