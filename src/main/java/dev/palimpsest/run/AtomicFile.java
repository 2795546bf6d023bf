package dev.palimpsest.run;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * Files and folders that appear whole or not at all: written beside the target, synced, renamed.
 */
public final class AtomicFile {
  private AtomicFile() {}

  /** Writes bytes to a stream. */
  @FunctionalInterface
  public interface Writer {
    void write(OutputStream out) throws IOException;
  }

  /**
   * Writes a file through a temporary one in the same folder.
   *
   * @throws EnvironmentFailure naming the file; the target is then as it was
   */
  public static void write(Path target, Writer writer) {
    Path folder = parent(target);
    Path temporary =
        folder.resolve("." + target.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
    try {
      Files.createDirectories(folder);
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        writer.write(out);
        out.flush();
        channel.force(true);
      }
      rename(temporary, target);
    } catch (IOException e) {
      discard(temporary);
      throw EnvironmentFailure.of(target + ": cannot be written", e);
    } catch (UncheckedIOException e) {
      discard(temporary);
      throw EnvironmentFailure.of(target + ": cannot be written", e);
    } catch (RuntimeException e) {
      discard(temporary);
      throw e;
    }
  }

  /** Writes a text in UTF-8. */
  public static void write(Path target, String text) {
    write(target, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Moves a finished file or folder to its place in one step and syncs the folder that holds it.
   */
  public static void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel folder = FileChannel.open(parent(to), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  private static Path parent(Path file) {
    return Objects.requireNonNull(file.toAbsolutePath().getParent(), "the root is no file");
  }

  private static void discard(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      // the first failure is the one to tell
    }
  }
}
