package dev.palimpsest;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One platform thread for one model. What libtorch keeps for a thread (whether gradients are
 * recorded, OpenMP's team) stays with it, which a virtual thread could leave behind; and an
 * interrupt of a caller cannot close the files that the work writes.
 */
final class Worker {
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("palimpsest").factory());
  private volatile @Nullable Thread thread;

  /**
   * Does work and waits for it, through interrupts, which the caller finds set afterwards.
   *
   * @param interrupted done at each interrupt of the caller
   */
  <T> T call(Supplier<T> work, Runnable interrupted) {
    if (Thread.currentThread().equals(thread)) {
      throw new IllegalStateException("a listener may not call the model that it listens to");
    }
    Future<T> result = submit(work);
    boolean wasInterrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException e) {
          wasInterrupted = true;
          interrupted.run();
        } catch (ExecutionException e) {
          throw failure(e.getCause());
        }
      }
    } finally {
      if (wasInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private <T> Future<T> submit(Supplier<T> work) {
    try {
      return executor.submit(
          () -> {
            thread = Thread.currentThread();
            return work.get();
          });
    } catch (RejectedExecutionException e) {
      throw new IllegalStateException("the model is closed", e);
    }
  }

  /** The failure with the caller's own stack trace, where it is one of ours. */
  private static RuntimeException failure(@Nullable Throwable cause) {
    return switch (cause) {
      case BadInput input -> new BadInput(String.valueOf(input.getMessage()), input);
      case EnvironmentFailure environment ->
          new EnvironmentFailure(String.valueOf(environment.getMessage()), environment);
      case RuntimeException other -> other;
      case Error error -> throw error;
      case null, default -> new IllegalStateException(cause);
    };
  }

  /** Lets the thread end. */
  void end() {
    executor.shutdown();
  }
}
