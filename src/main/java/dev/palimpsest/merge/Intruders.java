package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.BadInput;
import java.util.List;
import java.util.Optional;

/**
 * W1 + (λ − 1) Σ σ u vᵀ over the intruder dimensions of W1 (2410.21228, section 5): they are
 * scaled, everything else is kept, in full rank.
 *
 * @param scale λ: 1 leaves the tuned model as it is, 0 takes its intruders out
 */
public record Intruders(double scale, Finder finder) implements Rule {
  /** Finds the intruders' part Σ σ u vᵀ of a changed tensor, in the scope that is open. */
  @FunctionalInterface
  public interface Finder {
    /** Empty if it has none. */
    Optional<Factors> in(ChangedTensor tensor);
  }

  /** Checks the scale. */
  public Intruders {
    if (!(scale >= 0 && scale <= 1)) {
      throw new BadInput("--scale " + scale + ": give 0 (no intruders are left) to 1 (all are)");
    }
  }

  @Override
  public String name() {
    return "intruders";
  }

  @Override
  public void check(List<Source> sources) {
    if (sources.size() != 1 || sources.getFirst().weight() != 1) {
      throw new BadInput(
          "--method intruders: takes one --tuned or --adapter without a weight; how much of its"
              + " intruders is left is --scale");
    }
  }

  @Override
  public Rows over(ChangedTensor tensor) {
    return new Adjusted(1, finder.in(tensor).map(found -> found.scaled(scale - 1))).over(tensor);
  }
}
