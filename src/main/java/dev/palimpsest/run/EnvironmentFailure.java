package dev.palimpsest.run;

/**
 * The surroundings failed: disk full, no network, a lock held (exit 1). The message is one line.
 */
public final class EnvironmentFailure extends RuntimeException {
  public EnvironmentFailure(String message) {
    super(message);
  }

  public EnvironmentFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
