package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.model.TrainedDecoder;
import java.util.List;

/** What training makes small. */
@FunctionalInterface
public interface Objective {
  /**
   * Computes the losses of some examples in one pass and sends {@code weight} times the gradient of
   * their sum to the leaves.
   *
   * @return the sum of the losses over all labels, not weighted
   */
  double backward(TrainedDecoder decoder, List<Example> examples, double weight);
}
