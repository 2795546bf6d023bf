package dev.palimpsest.tensor;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.bytedeco.openblas.global.openblas_full;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.global.torch;

/**
 * Loads libtorch once, and holds what is global in it: threads, and whether gradients are recorded.
 */
public final class Native {
  /**
   * "medium" sends fp32 products to oneDNN, which on CPUs without AMX rounds nothing and is several
   * times faster than OpenBLAS under OpenMP (docs/decisions/precision.md). On GPUs it would round.
   */
  private static final boolean ONEDNN;

  private static final Optional<MethodHandle> TRIM = mallocTrim();

  static {
    // every tensor lives in a scope, so JavaCPP's collector thread and its memory limits would only
    // cost time; it reads this when its first class is loaded
    System.setProperty("org.bytedeco.javacpp.nopointergc", "true");
    System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
    System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
    ONEDNN = !Cpu.hasAmx() && !torch.cuda_is_available();
    if (ONEDNN) {
      torch.globalContext().setFloat32MatmulPrecision("medium");
    }
  }

  /** How many runs of {@link Workers} are going on. */
  private static final AtomicInteger APART = new AtomicInteger();

  private Native() {}

  static void load() {}

  /**
   * Sets how many threads one operation of the calling thread may use, and of threads to come. The
   * bits of a result hang on it.
   */
  public static void threads(int threads) {
    torch.get_num_threads(); // a thread's first question would undo what was set before it
    torch.set_num_threads(threads);
    // OpenBLAS keeps threads of its own, which fight OpenMP's
    openblas_full.openblas_set_num_threads(1);
  }

  /**
   * Gives memory that was freed back to the system, where the C library can (glibc's malloc_trim).
   * Between tensors that stay, those that went leave holes which would count as used.
   */
  public static void trim() {
    TRIM.ifPresent(
        trim -> {
          try {
            int _ = (int) trim.invokeExact(0L);
          } catch (Throwable e) {
            throw new IllegalStateException("malloc_trim", e);
          }
        });
  }

  @SuppressWarnings("restricted") // a call without pointers
  private static Optional<MethodHandle> mallocTrim() {
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find("malloc_trim")
        .map(
            found ->
                linker.downcallHandle(
                    found, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG)));
  }

  /**
   * Runs attention with its tiles' products in OpenBLAS: they are so small that oneDNN takes longer
   * to look each up than to compute it.
   */
  static <T> T attending(Supplier<T> work) {
    if (!ONEDNN || isApart()) {
      return work.get();
    }
    torch.globalContext().setFloat32MatmulPrecision("highest");
    try {
      return work.get();
    } finally {
      torch.globalContext().setFloat32MatmulPrecision("medium");
    }
  }

  /**
   * Leaves every fp32 product of libtorch's own choice to OpenBLAS until it is closed: of threads
   * that compute side by side none can switch that for its attention alone.
   */
  static Apart apart() {
    if (ONEDNN && APART.getAndIncrement() == 0) {
      torch.globalContext().setFloat32MatmulPrecision("highest");
    }
    return () -> {
      if (ONEDNN && APART.decrementAndGet() == 0) {
        torch.globalContext().setFloat32MatmulPrecision("medium");
      }
    };
  }

  /** Whether threads compute side by side. */
  static boolean isApart() {
    return APART.get() > 0;
  }

  /** What {@link #apart} began. */
  interface Apart extends AutoCloseable {
    @Override
    void close();
  }

  /** How many threads one operation may use. */
  public static int threads() {
    return torch.get_num_threads();
  }

  /** Runs work on this thread without recording gradients. */
  public static void withoutGradients(Runnable work) {
    withoutGradients(
        () -> {
          work.run();
          return work;
        });
  }

  /** Runs work on this thread without recording gradients, and gives what it made. */
  public static <T> T withoutGradients(Supplier<T> work) {
    return recording(false, work);
  }

  /** Runs work on this thread with gradients recorded, and gives what it made. */
  static <T> T withGradients(Supplier<T> work) {
    return recording(true, work);
  }

  private static <T> T recording(boolean recorded, Supplier<T> work) {
    boolean before = GradMode.is_enabled();
    GradMode.set_enabled(recorded);
    try {
      return work.get();
    } finally {
      GradMode.set_enabled(before);
    }
  }
}
