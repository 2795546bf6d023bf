package dev.palimpsest.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;

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

  /**
   * The failure of a file operation, with the reason in words: {@code FILE: cannot be written: No
   * space left on device}.
   *
   * @param what the file and what could not be done to it
   */
  public static EnvironmentFailure of(String what, IOException cause) {
    return new EnvironmentFailure(what + ": " + reason(cause), cause);
  }

  /** The same for a failure that came out of a stream or lambda. */
  public static EnvironmentFailure of(String what, UncheckedIOException cause) {
    return of(what, Objects.requireNonNull(cause.getCause()));
  }

  private static String reason(IOException e) {
    String otherFile =
        e instanceof FileSystemException f && f.getFile() != null ? " (" + f.getFile() + ")" : "";
    return switch (e) {
      case AccessDeniedException denied -> "access denied" + otherFile;
      case NoSuchFileException missing -> "no such file or folder" + otherFile;
      case FileAlreadyExistsException exists -> "another file is in the way" + otherFile;
      case FileSystemException f when f.getReason() != null -> f.getReason() + otherFile;
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }
}
