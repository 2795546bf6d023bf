package dev.palimpsest.tune;

import java.util.List;

/**
 * What training makes small: a loss along examples, averaged over labels, and terms beside it.
 *
 * @param regularisers added once a step, whatever the number of labels
 */
record Goal(Objective objective, List<Regulariser> regularisers) {
  /** Copies the list. */
  Goal {
    regularisers = List.copyOf(regularisers);
  }

  /** A loss alone. */
  Goal(Objective objective) {
    this(objective, List.of());
  }
}
