package dev.palimpsest.tensor;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/**
 * Runs Java on libtorch's own OpenMP threads. Threads of the JVM's beside them would wait for a
 * core: OpenMP's spin for a while after each product. Calls GNU OpenMP's {@code GOMP_parallel}, the
 * entry that compilers make of a parallel region (GCC's libgomp.h).
 */
final class Team {
  private static final Map<Long, Job> JOBS = new ConcurrentHashMap<>();
  private static final AtomicLong KEYS = new AtomicLong();
  private static final Optional<MethodHandle> PARALLEL = parallel();

  /** Elements from which a second thread is worth waking. */
  private static final long LEAST_ELEMENTS = 16_384;

  /** Shares that a thread takes, about: few cost little, many leave nobody waiting. */
  private static final int SHARES = 4;

  private Team() {}

  /** Computes some rows, {@code from} to {@code to}, of which no one hangs on another. */
  @FunctionalInterface
  interface Rows {
    void compute(int from, int to);
  }

  /**
   * Computes all rows.
   *
   * @param elements that a row has, about
   */
  static void compute(int rows, long elements, Rows work) {
    int threads = rows * elements < LEAST_ELEMENTS ? 1 : Native.threads();
    run(threads, new Job(work, rows, Math.max(1, rows / (threads * SHARES))));
  }

  /**
   * Does tasks that take long, one by one.
   *
   * @param work takes a task's number, from 0
   */
  static void each(int tasks, IntConsumer work) {
    run(Native.threads(), new Job((task, _) -> work.accept(task), tasks, 1));
  }

  private static void run(int threads, Job job) {
    if (threads == 1 || PARALLEL.isEmpty() || job.rows <= job.share) {
      job.work();
      job.check();
      return;
    }
    long key = KEYS.incrementAndGet();
    JOBS.put(key, job);
    try {
      PARALLEL.get().invokeExact(key, threads, 0);
    } catch (Throwable e) {
      throw new IllegalStateException("GOMP_parallel", e);
    } finally {
      JOBS.remove(key);
    }
    job.check();
  }

  /** What one thread of the team does. */
  @SuppressWarnings("UnusedMethod") // native code calls it
  private static void member(long key) {
    Job job = JOBS.get(key);
    if (job != null) {
      job.work();
    }
  }

  private static final class Job {
    private final Rows work;
    private final int rows;
    private final int share;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Job(Rows work, int rows, int share) {
      this.work = work;
      this.rows = rows;
      this.share = share;
    }

    void work() {
      try { // what is thrown into native code ends the JVM
        for (int from = next.getAndAdd(share); from < rows; from = next.getAndAdd(share)) {
          work.compute(from, Math.min(from + share, rows));
        }
      } catch (Throwable e) {
        failure.set(e);
      }
    }

    void check() {
      Throwable thrown = failure.get();
      if (thrown != null) {
        throw new IllegalStateException("a row", thrown);
      }
    }
  }

  @SuppressWarnings("restricted") // the library is loaded already
  private static Optional<MethodHandle> parallel() {
    Native.load();
    return library()
        .flatMap(path -> SymbolLookup.libraryLookup(path, Arena.global()).find("GOMP_parallel"))
        .map(
            found ->
                MethodHandles.insertArguments(
                    Linker.nativeLinker()
                        .downcallHandle(
                            found,
                            FunctionDescriptor.ofVoid(
                                ValueLayout.ADDRESS,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT)),
                    0,
                    entry()));
  }

  @SuppressWarnings("restricted") // a call with one number
  private static MemorySegment entry() {
    try {
      MethodHandle member =
          MethodHandles.lookup()
              .findStatic(Team.class, "member", MethodType.methodType(void.class, long.class));
      return Linker.nativeLinker()
          .upcallStub(member, FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG), Arena.global());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Where the OpenMP that libtorch uses was loaded from. */
  private static Optional<Path> library() {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines
          .filter(line -> line.contains("/libgomp"))
          .map(line -> Path.of(line.substring(line.indexOf('/'))))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty(); // not Linux
    }
  }
}
