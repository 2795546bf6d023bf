package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Against NumPy's lstsq (reference/port.py). */
class CarriedTest {
  private static Tensor matrix(JsonNode rows) {
    int width = rows.get(0).size();
    double[] values = new double[rows.size() * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = rows.get(i / width).get(i % width).asDouble();
    }
    return Tensor.of(values, rows.size(), width);
  }

  /** The old factors, scale and all. */
  private static Factors old(JsonNode given) {
    return new Factors(
        matrix(given.get("a")).to(DType.F32),
        matrix(given.get("b")).to(DType.F32),
        given.get("scale").asDouble());
  }

  private static Carried carried(JsonNode given) {
    Tensor x0 = matrix(given.get("x0"));
    Tensor x1 = matrix(given.get("x1"));
    Moments moments = Moments.none(x0.size(1), x1.size(1));
    long half = x0.size(0) / 2;
    long rest = x0.size(0) - half;
    moments.add(x0.narrow(0, 0, half), x1.narrow(0, 0, half));
    moments.add(x0.narrow(0, half, rest), x1.narrow(0, half, rest));
    return Carried.of(
        moments,
        old(given),
        matrix(given.get("w0")),
        matrix(given.get("w1")),
        given.get("ridge").asDouble());
  }

  private static double[] change(Factors factors) {
    return factors.b().matmul(factors.a()).times(factors.scale()).doubles();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "the same base",
        "a base trained further",
        "fewer tokens than inputs",
        "another base of the same widths",
        "other widths"
      })
  void of_aReferenceCase_isNumPys(String name) {
    JsonNode given = Reference.named(Reference.json("port").get("cases"), name);
    try (Scope _ = Scope.open()) {
      Carried carried = carried(given);

      double[] expected = matrix(given.get("change")).doubles();
      double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
      assertThat(change(carried.factors())).containsExactly(expected, within(1e-5 * largest));
      double target = given.get("target").asDouble();
      assertThat(carried.target()).isCloseTo(target, within(1e-5 * target));
      assertThat(carried.missed()).isCloseTo(given.get("missed").asDouble(), within(1e-5 * target));
      assertThat(carried.missedAsIs().isPresent()).isEqualTo(!given.get("missed_as_is").isNull());
      carried
          .missedAsIs()
          .ifPresent(
              missed ->
                  assertThat(missed)
                      .isCloseTo(
                          given.get("missed_as_is").asDouble(),
                          within(1e-5 * Math.max(target, missed))));
    }
  }

  @Test
  void of_theSameBase_isTheChangeItselfHoweverFewTheTokens() {
    JsonNode given = Reference.named(Reference.json("port").get("cases"), "the same base");
    try (Scope _ = Scope.open()) {
      Tensor x = matrix(given.get("x0")).narrow(0, 0, 3);
      Moments moments = Moments.none(x.size(1), x.size(1));
      moments.add(x, x);
      Tensor w = matrix(given.get("w0"));

      Carried carried = Carried.of(moments, old(given), w, w, Carried.RIDGE);

      assertThat(change(carried.factors())).containsExactly(change(old(given)), within(1e-5));
      assertThat(carried.missed()).isLessThan(1e-9 * carried.target());
    }
  }

  @Test
  void of_anotherBase_missesLessThanTheFactorsAsTheyAre() {
    for (String name : List.of("a base trained further", "another base of the same widths")) {
      JsonNode given = Reference.named(Reference.json("port").get("cases"), name);
      try (Scope _ = Scope.open()) {
        Carried carried = carried(given);

        assertThat(carried.missed()).isLessThan(0.1 * carried.missedAsIs().orElseThrow());
      }
    }
  }
}
