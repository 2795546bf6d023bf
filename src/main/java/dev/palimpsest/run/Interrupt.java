package dev.palimpsest.run;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;

/**
 * Turns Ctrl-C (SIGINT) and SIGTERM into a {@link Cancellation}: the first asks the work to stop at
 * its next safe point, a second ends the process at once.
 *
 * <p>A shutdown hook would not do: while hooks run the process can no longer choose its exit code,
 * and a second Ctrl-C is not heard. The signal class has no supported name in the platform and the
 * compiler's warning for it cannot be silenced in the source, hence the lookup by name.
 */
public final class Interrupt {
  private static final List<String> SIGNALS = List.of("INT", "TERM");
  private static final int EXIT_INTERRUPTED = 130;

  private Interrupt() {}

  /**
   * Listens from now on. A platform without these signals keeps its own way of ending a process.
   *
   * @param notice run at the first signal, to tell the user; it must return at once
   */
  public static void listen(Cancellation cancellation, Runnable notice) {
    Runnable onSignal =
        () -> {
          if (cancellation.requested()) {
            Runtime.getRuntime().halt(EXIT_INTERRUPTED);
          }
          cancellation.request();
          notice.run();
        };
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      MethodHandle run =
          MethodHandles.lookup()
              .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
              .bindTo(onSignal);
      Object handle =
          MethodHandleProxies.asInterfaceInstance(
              handler, MethodHandles.dropArguments(run, 0, signal));
      for (String name : SIGNALS) {
        Object named = signal.getConstructor(String.class).newInstance(name);
        signal.getMethod("handle", signal, handler).invoke(null, named, handle);
      }
    } catch (ReflectiveOperationException e) {
      System.getLogger(Interrupt.class.getName())
          .log(System.Logger.Level.DEBUG, "no signals on this platform", e);
    }
  }
}
