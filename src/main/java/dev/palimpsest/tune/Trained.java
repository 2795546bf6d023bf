package dev.palimpsest.tune;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;

/** Parameters that train, and the model that they make. */
public interface Trained extends AutoCloseable {
  /** All parameters, one vector, F32. */
  Tensor parameters();

  /** Gradients by all parameters, F32. */
  Tensor gradient();

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
