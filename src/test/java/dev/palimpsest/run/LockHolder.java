package dev.palimpsest.run;

import java.nio.file.Path;

/** A process of its own for tests: takes a lock, says so, and holds it until it is killed. */
final class LockHolder {
  private LockHolder() {}

  public static void main(String[] arguments) throws Exception {
    try (RunLock lock = RunLock.take(Path.of(arguments[0]), "test")) {
      System.err.println("held " + lock);
      Thread.sleep(60_000);
    }
  }

  /** Starts the process and returns once it holds the lock. */
  static Process start(Path lock) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LockHolder.class.getName(),
                lock.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    String line = process.errorReader().readLine();
    if (line == null || !line.startsWith("held")) {
      throw new IllegalStateException("no lock: " + line);
    }
    return process;
  }
}
