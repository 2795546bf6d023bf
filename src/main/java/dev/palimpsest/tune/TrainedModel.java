package dev.palimpsest.tune;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.model.TrainedWeights;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;

/** A model's own weights that train. */
record TrainedModel(Checkpoint base, TrainedWeights weights, TrainedDecoder decoder)
    implements Trained {
  /** The written-out gradient. */
  TrainedModel(Checkpoint base, TrainedWeights weights) {
    this(base, weights, new FrozenDecoder(weights));
  }

  @Override
  public Tensor parameters() {
    return weights.parameters();
  }

  @Override
  public Tensor gradient() {
    return weights.gradient();
  }

  @Override
  public List<FlatView> views() {
    return List.copyOf(weights.slots().values());
  }

  @Override
  public long factorCount() {
    return 0;
  }

  @Override
  public long ownCount() {
    return views().stream()
        .filter(view -> view.shape().length == 2)
        .filter(view -> !view.name().equals(ModelTensors.EMBEDDING))
        .filter(view -> !view.name().equals(ModelTensors.HEAD))
        .mapToLong(view -> ModelTensors.active(decoder.decoder().config(), view))
        .sum();
  }

  @Override
  public AdaptedDecoder current() {
    return AdaptedDecoder.base(weights.decoder());
  }

  @Override
  public String outcome() {
    return "model";
  }

  @Override
  public void write(Path folder) {
    ModelFolder.write(folder, base, weights::master);
  }

  @Override
  public void close() {
    decoder.close();
    weights.close();
  }
}
