package dev.palimpsest;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.RetentionCheck;
import dev.palimpsest.model.ModelStore;
import dev.palimpsest.model.PullSettings;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiFunction;
import java.util.function.Function;

/** A model's weights, the thread that works on them, and a lock against freeing them in use. */
final class Loaded implements AutoCloseable {
  private final String name;
  private final Settings settings;
  private final Worker worker;
  private final LanguageModel model;
  private final ReadWriteLock use = new ReentrantReadWriteLock();
  private final AtomicBoolean closed = new AtomicBoolean();

  private Loaded(String name, Settings settings, Worker worker, LanguageModel model) {
    this.name = name;
    this.settings = settings;
    this.worker = worker;
    this.model = model;
  }

  static Loaded load(String name, Settings settings) {
    Worker worker = new Worker();
    try {
      return worker.call(() -> load(name, settings, worker), () -> {});
    } catch (RuntimeException | Error e) {
      worker.end();
      throw e;
    }
  }

  private static Loaded load(String name, Settings settings, Worker worker) {
    Native.threads(settings.threads());
    ModelStore store =
        new ModelStore(
            settings.cache(), settings.progress(), PullSettings.of(settings.environment()));
    LanguageModel model =
        LanguageModel.load(store.locate(name), settings.precision(), Device.best());
    return new Loaded(store.lasting(name), settings, worker, model);
  }

  /** As a run records it. */
  String name() {
    return name;
  }

  Settings settings() {
    return settings;
  }

  Progress progress() {
    return settings.progress();
  }

  /** Does work on this model's thread. */
  <T> T work(Function<LanguageModel, T> work) {
    return work(work, settings.threads(), () -> {});
  }

  /** Does work on the calling thread, which is another model's. */
  <T> T hold(Function<LanguageModel, T> work) {
    use.readLock().lock();
    try {
      if (closed.get()) {
        throw new IllegalStateException(name + ": the model is closed");
      }
      return work.apply(model);
    } finally {
      use.readLock().unlock();
    }
  }

  private <T> T work(Function<LanguageModel, T> work, int threads, Runnable interrupted) {
    return worker.call(
        () -> {
          Native.threads(threads); // another model of this process may have other settings
          return hold(work);
        },
        interrupted);
  }

  Run tune(TuneJob job, Path out) {
    return train(out, job, (loaded, watch) -> job.run(loaded, out, watch));
  }

  Run resume(Path run) {
    Optional<Tuner.Result> ended = TuneJob.result(run);
    if (ended.isPresent()) {
      return Run.of(run, ended.get());
    }
    TuneJob job = TuneJob.of(run);
    if (job.precision() != settings.precision()) {
      throw new BadInput(
          "%s: trained in %s; load the model with that precision, not %s"
              .formatted(run, job.precision(), settings.precision()));
    }
    return train(run, job, (loaded, watch) -> job.resume(loaded, run, watch));
  }

  private Run train(
      Path run, TuneJob job, BiFunction<LanguageModel, Tuner.Watch, Tuner.Result> training) {
    Cancellation cancellation = new Cancellation();
    Tuner.Watch watch = new Tuner.Watch(progress(), cancellation, System::nanoTime);
    return Run.of(
        run,
        work(
            loaded ->
                training.apply(
                    loaded, RetentionCheck.watching(job, loaded, settings.cache(), watch)),
            job.threads(),
            cancellation::request));
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    worker.call(
        () -> {
          use.writeLock().lock();
          try {
            model.close();
            return true;
          } finally {
            use.writeLock().unlock();
          }
        },
        () -> {});
    worker.end();
  }
}
