package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.Tensor;
import java.util.Optional;

/**
 * One source's change of a tensor multiplied, and some of its directions added or taken off.
 *
 * @param factor of the whole change
 * @param added in full size; empty for nothing
 */
record Adjusted(double factor, Optional<Factors> added) implements Rule {
  @Override
  public String name() {
    return "adjusted";
  }

  @Override
  public Rows over(ChangedTensor tensor) {
    long[] from = {0};
    return (before, changes) -> {
      Tensor change = changes.getFirst().times(factor);
      long at = from[0];
      from[0] += before.size(0);
      return added.map(part -> change.plusInPlace(part.change(before, at))).orElse(change);
    };
  }
}
