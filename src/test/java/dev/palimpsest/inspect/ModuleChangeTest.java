package dev.palimpsest.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Objects;
import java.util.SplittableRandom;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Spectra and intruder dimensions against NumPy, at the default model's shapes (spectra.py). */
class ModuleChangeTest {
  private static final JsonNode CASES = Reference.json("spectra").get("cases");
  private static final ModuleChange.Measure MEASURE = new ModuleChange.Measure(10, 0.5);
  private static final Percentage CLOSE = Percentage.withPercentage(1e-3);

  private static Tensor uniform(long seed, int rows, int columns) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextDouble() - 0.5;
    }
    return Tensor.of(values, rows, columns);
  }

  private static ModuleChange change(JsonNode expected, boolean dense) {
    int out = expected.get("out").asInt();
    int in = expected.get("in").asInt();
    int rank = expected.get("rank").asInt();
    double[] falling = new double[in];
    for (int i = 0; i < in; i++) {
      falling[i] = 1 / Math.sqrt(1 + i);
    }
    Tensor before = uniform(out * 10_000L + in, out, in).times(Tensor.of(falling, in));
    Factors factors =
        new Factors(
            uniform(out + 1, rank, in).to(DType.F32),
            uniform(in + 2, out, rank).to(DType.F32),
            expected.get("size").asDouble());
    return new ModuleChange("m", before, factors.change(before, 0), dense ? null : factors);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void inspect_ofFactors_isNumpys(int index) {
    assertCase(CASES.get(index), false);
  }

  @Test
  void inspect_ofADenseChange_isTheSame() {
    assertCase(CASES.get(1), true);
  }

  private static void assertCase(JsonNode expected, boolean dense) {
    try (Scope _ = Scope.open()) {
      ModuleChange change = change(expected, dense);
      ModuleChange.Found found = change.inspect(MEASURE, new NullCosine(0, 0));
      InspectedModule module = found.module();

      assertThat(module.rank()).isEqualTo(expected.get("rank").asInt());
      assertThat(module.norm()).isCloseTo(expected.get("norm").asDouble(), CLOSE);
      assertThat(module.relativeNorm()).isCloseTo(expected.get("relative_norm").asDouble(), CLOSE);
      assertThat(module.stableRank()).isCloseTo(expected.get("stable_rank").asDouble(), CLOSE);
      assertThat(module.effectiveRank())
          .isCloseTo(expected.get("effective_rank").asDouble(), CLOSE);
      for (int i = 0; i < module.rank(); i++) {
        assertThat(module.spectrum().get(i))
            .isCloseTo(expected.get("spectrum").get(i).asDouble(), CLOSE);
      }
      assertThat(module.directions()).hasSize(10);
      for (Direction each : module.directions()) {
        int i = each.position() - 1;
        assertThat(each.value()).isCloseTo(expected.get("values").get(i).asDouble(), CLOSE);
        assertThat(each.maxCosine()).isCloseTo(expected.get("cosines").get(i).asDouble(), CLOSE);
        assertThat(each.energyShare())
            .isCloseTo(expected.get("shares").get(i).asDouble(), within(1e-6));
      }
      assertThat(module.intruders()).isEqualTo(expected.get("intruders").asInt());
      assertThat(module.energyShare())
          .isCloseTo(expected.get("energy_share").asDouble(), within(1e-6));
      assertIntruders(change, found);
    }
  }

  /** Their part of the matrix is what projecting it on their directions gives. */
  private static void assertIntruders(ModuleChange change, ModuleChange.Found found) {
    Factors part = Objects.requireNonNull(found.intruders());
    assertThat(part.rank()).isEqualTo(found.module().intruders());
    Tensor left = part.b().to(DType.F64);
    Tensor after = change.before().plus(change.change());
    Tensor rest = after.minus(left.matmul(part.a().to(DType.F64)));
    assertThat(left.transpose(0, 1).matmul(rest).square().sum().item())
        .isLessThan(1e-10 * after.square().sum().item());
    part.close();
  }

  /** A module that did not change has its own directions, and none is an intruder. */
  @Test
  void inspect_ofNoChange_findsNothing() {
    try (Scope _ = Scope.open()) {
      Tensor before = uniform(3, 40, 60);
      InspectedModule module =
          new ModuleChange("m", before, before.times(0), null)
              .inspect(MEASURE, new NullCosine(0, 0))
              .module();

      assertThat(module.intruders()).isZero();
      assertThat(module.norm()).isZero();
      assertThat(module.rank()).isZero();
      assertThat(module.effectiveRank()).isZero();
      assertThat(module.directions())
          .allSatisfy(
              each -> {
                assertThat(each.maxCosine()).isCloseTo(1, within(1e-9));
                assertThat(each.nearest()).isEqualTo(each.position());
              });
    }
  }

  /** A matrix of lower rank than its sides, whose Gram matrix would not tell. */
  @Test
  void inspect_ofASingularMatrix_isExact() {
    try (Scope _ = Scope.open()) {
      Tensor before = uniform(3, 40, 5).matmul(uniform(4, 5, 60));
      InspectedModule module =
          new ModuleChange("m", before, before.times(0.5), null)
              .inspect(new ModuleChange.Measure(5, 0.5), new NullCosine(0, 0))
              .module();

      assertThat(module.intruders()).isZero();
      assertThat(module.rank()).isEqualTo(5);
    }
  }

  /** As computed for the notes on the paper: width, vectors, mean, 99 %. */
  @ParameterizedTest
  @CsvSource({
    "192, 192, 0.214, 0.287",
    "576, 576, 0.137, 0.18",
    "1536, 576, 0.084, 0.107",
    "1536, 1536, 0.090, 0.115"
  })
  void nullCosine_ofAShape_isKnown(int width, int vectors, double mean, double high) {
    NullCosine random = NullCosine.of(width, vectors);

    assertThat(random.mean()).isCloseTo(mean, within(0.0015));
    assertThat(random.high()).isCloseTo(high, within(0.006));
    assertThat(NullCosine.of(width, vectors)).isEqualTo(random);
  }
}
