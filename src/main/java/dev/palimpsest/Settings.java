package dev.palimpsest;

import dev.palimpsest.model.ModelStore;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/** How a model is loaded and worked with. A value: each method returns another one. */
public final class Settings {
  private final dev.palimpsest.model.Precision precision;
  private final int threads;
  private final Path cache;
  private final Consumer<Progress> listener;
  private final Map<String, String> environment;

  private Settings(
      dev.palimpsest.model.Precision precision,
      int threads,
      Path cache,
      Consumer<Progress> listener,
      Map<String, String> environment) {
    this.precision = precision;
    this.threads = threads;
    this.cache = cache;
    this.listener = listener;
    this.environment = environment;
  }

  /** The type of the weights and of the matrix products; all else is fp32 always. */
  public enum Precision {
    /** 32 bits, on every processor. */
    FP32,
    /** 16 bits; fast only where the processor has instructions for it. */
    BF16,
    /** The blocks' weights in 4-bit NormalFloat; products as in {@link Settings#defaults}. */
    NF4,
    /** The blocks' weights in 8-bit integers; products as in {@link Settings#defaults}. */
    INT8
  }

  /**
   * The command line's defaults: bf16 where this machine gains by it, all processors, the cache in
   * {@code $PALIMPSEST_CACHE} or else {@code .cache/palimpsest} in the user's home folder, nobody
   * who listens. Python, the hub and a proxy are found by the process's environment variables.
   *
   * @return the defaults
   */
  public static Settings defaults() {
    Map<String, String> environment = System.getenv();
    return new Settings(
        dev.palimpsest.model.Precision.best(),
        Runtime.getRuntime().availableProcessors(),
        ModelStore.cache(environment, Path.of(System.getProperty("user.home"))),
        progress -> {},
        environment);
  }

  /**
   * Chooses the precision; a run can be resumed only in its own.
   *
   * @param type of weights and products
   * @return these settings with it
   */
  public Settings precision(Precision type) {
    dev.palimpsest.model.Precision chosen =
        switch (type) {
          case FP32 -> dev.palimpsest.model.Precision.FP32;
          case BF16 -> dev.palimpsest.model.Precision.BF16;
          case NF4 -> dev.palimpsest.model.Precision.NF4;
          case INT8 -> dev.palimpsest.model.Precision.INT8;
        };
    return new Settings(chosen, threads, cache, listener, environment);
  }

  /**
   * Chooses how many threads one operation uses. The last bits of a result hang on it.
   *
   * @param count at least 1
   * @return these settings with it
   */
  public Settings threads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("threads " + count + ": give 1 or more");
    }
    return new Settings(precision, count, cache, listener, environment);
  }

  /**
   * Chooses where fetched models and earlier measurements lie.
   *
   * @param folder need not exist; several processes may share it
   * @return these settings with it
   */
  public Settings cache(Path folder) {
    return new Settings(precision, threads, folder.toAbsolutePath(), listener, environment);
  }

  /**
   * Listens to how far long work has come. The listener is called on the model's own thread, may
   * not call the model, and what it throws ends the work.
   *
   * @param hears each point, as often as the work likes
   * @return these settings with it
   */
  public Settings progress(Consumer<Progress> hears) {
    return new Settings(precision, threads, cache, hears, environment);
  }

  dev.palimpsest.model.Precision precision() {
    return precision;
  }

  int threads() {
    return threads;
  }

  Path cache() {
    return cache;
  }

  Map<String, String> environment() {
    return environment;
  }

  dev.palimpsest.run.Progress progress() {
    return point ->
        listener.accept(
            new Progress(point.task(), point.done(), point.total(), point.unit(), point.note()));
  }
}
