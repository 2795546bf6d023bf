package dev.palimpsest.tensor;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Threads that compute side by side, each with operations of its own, rather than all in each
 * operation: a model's pass is thousands of small ones, which threads do not share well. The first
 * is the caller's.
 */
public final class Workers implements AutoCloseable {
  private final int count;
  private final int threads;
  private final ExecutorService others;

  /**
   * Workers that have the {@linkplain Native#threads() threads of one operation} among them.
   *
   * @param count at least 1
   */
  public Workers(int count) {
    this.count = count;
    this.threads = Native.threads();
    this.others =
        Executors.newFixedThreadPool(
            Math.max(1, count - 1), Thread.ofPlatform().daemon().name("palimpsest-", 1).factory());
    if (count > 1) {
      Phaser meeting = new Phaser(count - 1); // so that no thread takes two of these
      join(
          others(
              _ -> {
                Native.threads(share());
                meeting.arriveAndAwaitAdvance();
              }));
      Native.threads(threads); // of threads to come, too
    }
  }

  private int share() {
    return Math.max(1, threads / count);
  }

  /** How many. */
  public int count() {
    return count;
  }

  /**
   * Does work for each worker's number, from 0, and waits for all. What a number does must not hang
   * on time: then no result does.
   *
   * @throws RuntimeException of a worker that failed, when all have ended
   */
  public void run(IntConsumer work) {
    if (count == 1) {
      work.accept(0);
      return;
    }
    try (Native.Apart _ = Native.apart()) {
      Native.threads(share());
      CompletableFuture<Void> rest = others(work);
      try {
        work.accept(0);
      } finally {
        Native.threads(threads);
        join(rest);
      }
    }
  }

  private CompletableFuture<Void> others(IntConsumer work) {
    return CompletableFuture.allOf(
        IntStream.range(1, count)
            .mapToObj(i -> CompletableFuture.runAsync(() -> work.accept(i), others))
            .toArray(CompletableFuture[]::new));
  }

  /** Through interrupts: the tensors are in use. */
  private static void join(CompletableFuture<Void> rest) {
    try {
      rest.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException own -> throw own;
        case Error error -> throw error;
        case null, default -> throw e;
      }
    }
  }

  @Override
  public void close() {
    others.shutdown();
  }
}
