package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.BadInput;
import java.util.List;

/**
 * WiSE-FT (Wortsman et al., 2109.01903): on the line from the base's weights to the tuned ones.
 *
 * @param weight 0 is the base, 1 the tuned model
 */
public record Wise(double weight) implements Rule {
  /** Checks the weight. */
  public Wise {
    if (!Double.isFinite(weight)) {
      throw new BadInput("--weight " + weight + ": give a number, 0 (the base) to 1 (the tuned)");
    }
  }

  @Override
  public String name() {
    return "wise";
  }

  @Override
  public void check(List<Source> sources) {
    requireOne(name(), sources);
  }

  static void requireOne(String method, List<Source> sources) {
    if (sources.size() != 1 || sources.getFirst().weight() != 1) {
      throw new BadInput(
          "--method "
              + method
              + ": goes from the base to one --tuned or --adapter, how far by --weight; "
              + (sources.size() == 1
                  ? sources.getFirst().name() + " has a weight of its own"
                  : sources.size() + " are given"));
    }
  }

  @Override
  public Rows over(ChangedTensor tensor) {
    return (before, changes) -> changes.getFirst().times(weight);
  }
}
