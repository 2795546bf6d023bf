package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Tensor;
import java.util.List;

/**
 * From the base's tensor to another's along the arc between their directions: sin((1−t)θ)/sin θ ·
 * W0 + sin(tθ)/sin θ · W1, θ the angle between the flattened tensors; along the line where they
 * point the same way, |cos θ| above 0.9995.
 *
 * @param weight t
 */
public record Slerp(double weight) implements Rule {
  private static final double PARALLEL = 0.9995;

  /** Checks the range. */
  public Slerp {
    if (!(weight >= 0 && weight <= 1)) {
      throw new BadInput("--weight " + weight + ": give 0 (the base) to 1");
    }
  }

  @Override
  public String name() {
    return "slerp";
  }

  @Override
  public void check(List<Source> sources) {
    Wise.requireOne(name(), sources);
  }

  @Override
  public Rows over(ChangedTensor tensor) {
    double[] sums = new double[3];
    tensor.eachPiece(
        (from, before, changes) -> {
          Tensor after = before.plus(changes.getFirst());
          sums[0] += before.square().sum().item();
          sums[1] += before.times(after).sum().item();
          sums[2] += after.square().sum().item();
        });
    double cosine = sums[1] / Math.sqrt(sums[0] * sums[2]);
    if (!(Math.abs(cosine) <= PARALLEL)) { // also where a tensor is zero
      return (before, changes) -> changes.getFirst().times(weight);
    }
    double angle = Math.acos(cosine);
    double ofBefore = Math.sin((1 - weight) * angle) / Math.sin(angle);
    double ofAfter = Math.sin(weight * angle) / Math.sin(angle);
    return (before, changes) ->
        before.times(ofBefore + ofAfter - 1).plusInPlace(changes.getFirst(), ofAfter);
  }
}
