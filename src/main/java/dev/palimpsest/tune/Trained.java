package dev.palimpsest.tune;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Parameters that train, and the model that they make. */
public interface Trained extends AutoCloseable {
  /** All parameters, one vector, F32. */
  Tensor parameters();

  /** Gradients by all parameters, F32. */
  Tensor gradient();

  /** Stretches of the parameters, one after the other, each with its share of the rate. */
  default List<Stretch> stretches() {
    return List.of(new Stretch(parameters().count(), 1));
  }

  /**
   * Parameters side by side that learn at one rate.
   *
   * @param size how many
   * @param share of the run's rate
   */
  record Stretch(long size, double share) {}

  /**
   * What does not move but hangs on more than settings and base, by name, in place: a run that goes
   * on takes it from its checkpoint.
   */
  default Map<String, Tensor> constants() {
    return Map.of();
  }

  /** Parameters that inputs are multiplied with beside the base's weights. */
  default long factorCount() {
    return parameters().count();
  }

  /** Parameters in the place of the base's, in the products of its blocks. */
  default long ownCount() {
    return 0;
  }

  /** The tensors that the vectors are made of, in their order. */
  default List<FlatView> views() {
    return List.of(new FlatView("parameters", 0, new long[] {parameters().count()}));
  }

  /** The model as it trains. */
  TrainedDecoder decoder();

  /** The model as it answers now; its tensors live as long as this. */
  AdaptedDecoder current();

  /** What a run's folder calls the outcome. */
  String outcome();

  /** Writes the outcome into a folder. */
  void write(Path folder);

  @Override
  void close();
}
