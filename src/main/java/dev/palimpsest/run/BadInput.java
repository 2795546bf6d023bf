package dev.palimpsest.run;

/**
 * The call or its input is wrong (exit 2). The message is one line: what is wrong, where (file,
 * line, tensor, field), and what to do.
 */
public final class BadInput extends RuntimeException {
  public BadInput(String message) {
    super(message);
  }

  public BadInput(String message, Throwable cause) {
    super(message, cause);
  }
}
