package dev.palimpsest.inspect;

import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.LeftVectors;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Svd;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A module's matrix and its change, both (out, in), F64.
 *
 * @param factors of the change where it is a product of such; null for a dense one
 */
record ModuleChange(String name, Tensor before, Tensor change, @Nullable Factors factors) {
  /** Of F32, in which changes are stored. */
  private static final double EPSILON = 0x1p-23;

  /**
   * Which directions count.
   *
   * @param top how many of the changed matrix's strongest left singular vectors are looked at
   * @param epsilon below which largest cosine one is an intruder
   */
  record Measure(int top, double epsilon) {}

  /**
   * What was found.
   *
   * @param intruders the intruders' part of the changed matrix, Σ σ u vᵀ, as a pair of scale 1 that
   *     no scope frees; null without any
   */
  record Found(InspectedModule module, @Nullable Factors intruders) {}

  /**
   * Intruder dimensions by the paper's algorithm (2410.21228), in F64, and the change's spectrum.
   */
  Found inspect(Measure measure, NullCosine random) {
    try (Scope scope = Scope.open()) {
      double[] spectrum = (factors == null ? Svd.values(change) : factors.svd().s()).doubles();
      Tensor after = before.plus(change);
      LeftVectors now = LeftVectors.of(after);
      int top = Math.min(measure.top, (int) now.s().count());
      Tensor strongest = now.u().narrow(1, 0, top).transpose(0, 1).contiguous();
      List<Direction> directions = directions(strongest, now.s(), measure);
      List<Direction> intruders = directions.stream().filter(Direction::intruder).toList();
      double square = change.square().sum().item();
      InspectedModule module =
          new InspectedModule(
              name,
              rank(spectrum),
              Math.sqrt(square),
              Math.sqrt(square / before.square().sum().item()),
              effectiveRank(spectrum),
              spectrum[0] > 0 ? square / (spectrum[0] * spectrum[0]) : 0,
              Arrays.stream(spectrum).limit(InspectedModule.SHOWN).boxed().toList(),
              intruders.size(),
              random.mean(),
              random.high(),
              intruders.stream().mapToDouble(Direction::energyShare).sum(),
              0,
              directions);
      return new Found(module, part(intruders, strongest, after, scope));
    }
  }

  private List<Direction> directions(Tensor strongest, Tensor values, Measure measure) {
    Tensor cosines = strongest.matmul(LeftVectors.of(before).u()).abs();
    int[] nearest = cosines.argmax(1).ints();
    double[] energies = strongest.matmul(change).square().sum(1).doubles();
    double square = change.square().sum().item();
    double[] sizes = values.doubles();
    List<Direction> directions = new ArrayList<>();
    for (int i = 0; i < nearest.length; i++) {
      double cosine = cosines.narrow(0, i, 1).narrow(1, nearest[i], 1).item();
      directions.add(
          new Direction(
              i + 1,
              sizes[i],
              cosine,
              nearest[i] + 1,
              cosine < measure.epsilon,
              square > 0 ? energies[i] / square : 0));
    }
    return directions;
  }

  private static @Nullable Factors part(
      List<Direction> intruders, Tensor strongest, Tensor after, Scope scope) {
    if (intruders.isEmpty()) {
      return null;
    }
    Tensor left =
        strongest.rows(
            Tensor.ofIndices(intruders.stream().mapToInt(each -> each.position() - 1).toArray()));
    return new Factors(
        scope.release(left.matmul(after).to(DType.F32)),
        scope.release(left.transpose(0, 1).to(DType.F32).contiguous()),
        1);
  }

  private int rank(double[] spectrum) {
    if (factors != null) {
      return factors.whole().rank();
    }
    double least = spectrum[0] * EPSILON * Math.max(before.size(0), before.size(1));
    return (int) Arrays.stream(spectrum).filter(value -> value > least).count();
  }

  private static double effectiveRank(double[] spectrum) {
    double sum = Arrays.stream(spectrum).sum();
    double entropy = 0;
    for (double value : spectrum) {
      entropy -= value > 0 ? value / sum * Math.log(value / sum) : 0;
    }
    return sum > 0 ? Math.exp(entropy) : 0;
  }
}
