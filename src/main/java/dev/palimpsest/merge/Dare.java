package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * DARE (Yu et al., 2311.03099): each entry of a change is dropped with a probability, what stays is
 * divided by the probability of staying, and the changes are added by weight.
 *
 * @param drop the probability
 * @param seed of the draws, one stream for each tensor and source
 */
public record Dare(double drop, long seed) implements Rule {
  /** Checks the range. */
  public Dare {
    if (!(drop >= 0 && drop < 1)) {
      throw new BadInput("--drop " + drop + ": give 0 or more, less than 1");
    }
  }

  @Override
  public String name() {
    return "dare";
  }

  @Override
  public Rows over(ChangedTensor tensor) {
    Seeds seeds = new Seeds(seed);
    List<RandomGenerator> draws = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    for (Source source : tensor.sources()) {
      draws.add(seeds.generator("dare " + tensor.tensor(), draws.size()));
      weights.add(source.weight() / (1 - drop));
    }
    return (before, changes) -> {
      List<Tensor> kept = new ArrayList<>();
      for (int t = 0; t < changes.size(); t++) {
        kept.add(kept(changes.get(t), draws.get(t)));
      }
      return Linear.sum(weights, kept);
    };
  }

  private Tensor kept(Tensor change, RandomGenerator draws) {
    double[] entries = change.doubles();
    for (int i = 0; i < entries.length; i++) {
      if (draws.nextDouble() < drop) {
        entries[i] = 0;
      }
    }
    return Tensor.of(entries, change.shape());
  }
}
