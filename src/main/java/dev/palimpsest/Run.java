package dev.palimpsest;

import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.OptionalDouble;

/**
 * What a training run came to. Its folder holds {@code run.json} (settings, hashes, versions),
 * {@code metrics.jsonl} (a line a step) and the adapter, or the model whose own weights trained.
 *
 * @param folder the run's
 * @param steps of the optimiser
 * @param trainedTokens that went through the backward pass
 * @param trainLoss nats a label, of the last step
 * @param heldOutLoss nats a label after the last step, if there is a held-out set
 * @param finished false if it was interrupted; {@link Model#resume} goes on
 */
public record Run(
    Path folder,
    long steps,
    long trainedTokens,
    double trainLoss,
    OptionalDouble heldOutLoss,
    boolean finished) {

  /**
   * The adapter, in PEFT's layout, where one was trained.
   *
   * @return its folder, for {@link Model#with}
   */
  public Path adapter() {
    return folder.resolve("adapter");
  }

  /**
   * The model, in the Hugging Face layout, where its own weights trained.
   *
   * @return its folder, for {@link Model#load(String)}
   */
  public Path model() {
    return folder.resolve("model");
  }

  static Run of(Path folder, Tuner.Result result) {
    return new Run(
        folder,
        result.steps(),
        result.trainedTokens(),
        result.trainLoss(),
        result.evalLoss(),
        result.finished());
  }
}
