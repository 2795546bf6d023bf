package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.TrainedWeights;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Memory;
import dev.palimpsest.run.Seeds;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntSupplier;

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
  public Start over(LanguageModel model, String name) {
    if (model.decoder().precision().quantised()) {
      throw new BadInput(
          "--method "
              + method
              + " trains the weights themselves, and this model's are in "
              + model.decoder().precision()
              + ": give --dtype bf16 or fp32, or --method qlora");
    }
    Set<String> names = new Selection(trains).of(model.decoder().config());
    ModelFolder.requireWritable(model.checkpoint());
    return new Start() {
      @Override
      public Trained begin(Seeds seeds) {
        return new TrainedModel(
            model.checkpoint(),
            new TrainedWeights(model.decoder(), model.checkpoint().weights(), names));
      }

      @Override
      public void requireMemory(TuneSettings settings, IntSupplier rows) {
        long needed =
            new FullMemory(model.decoder(), names).bytes(settings.optimizer(), rows.getAsInt());
        FullMemory.require(method, needed, Memory.machineBytes());
      }
    };
  }
}
