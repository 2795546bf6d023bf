package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.TrainedWeights;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.FlatView;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The model's own weights train: all of them, or those that are named.
 *
 * @param method full or freeze
 * @param trains what {@code --train} names; {@code all} for full
 */
public record Full(String method, String trains) implements Method {
  /** All weights train. */
  public static final String FULL = "full";

  /** What is named trains, the rest is frozen. */
  public static final String FREEZE = "freeze";

  /** Peak learning rate, if nothing is said: TRL's. */
  public static final double RATE = 2e-5;

  /**
   * What a user asks for.
   *
   * @param trains what {@code --train} names, if it does
   */
  public static Full of(String method, Optional<String> trains) {
    if (method.equals(FREEZE) && trains.isEmpty()) {
      throw new BadInput(
          "--method freeze: give --train, what trains: norms, embeddings, head, layers:FROM-TO,"
              + " or names such as q_proj");
    }
    if (method.equals(FULL) && trains.isPresent()) {
      throw new BadInput("--train " + trains.get() + ": give it with --method freeze");
    }
    return new Full(method, trains.orElse(Selection.ALL));
  }

  @Override
  public double usualRate() {
    return RATE;
  }

  @Override
  public List<Precision> precisions() {
    return Stream.of(Precision.values()).filter(each -> !each.quantised()).toList();
  }

  /**
   * For n weights that train: masters and gradient, 8n; where weights are not F32 a copy in the
   * products' type; the optimiser's state; and for a moment the largest tensor's gradient, and what
   * the optimiser's step needs.
   */
  @Override
  public long peakBytes(Footprint base, TuneSettings settings, int rows) {
    Map<String, long[]> shapes = ModelTensors.shapes(base.config());
    List<long[]> trained = changes(base.config()).stream().map(shapes::get).toList();
    DType products = base.precision().products();
    String optimizer = settings.optimizer();
    long count = trained.stream().mapToLong(FlatView::elements).sum();
    long largest = trained.stream().mapToLong(FlatView::elements).max().orElse(0);
    long own =
        (8L + (base.precision().weights() == DType.F32 ? 0 : products.bytes())) * count
            + trained.stream().mapToLong(shape -> Optimizer.stateBytes(optimizer, shape)).sum()
            + Optimizer.temporaryBytes(optimizer, largest)
            + largest * products.bytes();
    return base.tuningPeak(own, base.passBytes(rows));
  }

  @Override
  public Set<String> changes(ModelConfig model) {
    return new Selection(trains).of(model);
  }

  @Override
  public Start over(LanguageModel model, String name) {
    if (model.decoder().precision().quantised()) {
      throw new BadInput(
          "--method "
              + method
              + " trains the weights themselves, and this model's are in "
              + model.decoder().precision()
              + ": give --dtype bf16 or fp32, or --method qlora");
    }
    Set<String> names = changes(model.decoder().config());
    ModelFolder.requireWritable(model.checkpoint());
    return seeds ->
        new TrainedModel(
            model.checkpoint(),
            new TrainedWeights(model.decoder(), model.checkpoint().weights(), names));
  }
}
