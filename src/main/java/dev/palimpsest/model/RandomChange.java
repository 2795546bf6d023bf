package dev.palimpsest.model;

import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A change that says nothing, of the size of one that does: what it loses is what any change of
 * that size loses.
 */
public final class RandomChange {
  private RandomChange() {}

  /**
   * Normally distributed factors of the same shapes, each module's change of the same Frobenius
   * norm, in the scope that is open.
   *
   * @param factors by module name
   * @throws dev.palimpsest.run.BadInput over DoRA
   */
  public static Map<String, Factors> like(Map<String, Factors> factors, Seeds seeds) {
    Map<String, Factors> random = new LinkedHashMap<>();
    factors.forEach(
        (module, own) -> {
          RandomGenerator draws = seeds.generator("random change of " + module, 0);
          Factors unit =
              new Factors(gaussian(draws, own.a().shape()), gaussian(draws, own.b().shape()), 1);
          random.put(module, new Factors(unit.a(), unit.b(), own.norm() / unit.norm()));
        });
    return random;
  }

  private static Tensor gaussian(RandomGenerator draws, long... shape) {
    float[] values = new float[Math.toIntExact(shape[0] * shape[1])];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) draws.nextGaussian();
    }
    try (Scope scope = Scope.open()) {
      return scope.keep(Tensor.of(values, shape));
    }
  }
}
