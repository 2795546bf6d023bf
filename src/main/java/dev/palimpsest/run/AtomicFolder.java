package dev.palimpsest.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Folders that appear whole or not at all: filled under a hidden name beside the target, synced,
 * renamed.
 */
public final class AtomicFolder {
  private static final String TEMPORARY = ".tmp";
  private static final String OLD = ".old";

  private AtomicFolder() {}

  /**
   * Refuses a folder or file that is there, before the work that would fill it.
   *
   * @throws BadInput naming it
   */
  public static void requireNew(Path target) {
    if (Files.exists(target)) {
      throw new BadInput(target + ": is there already; choose another place");
    }
  }

  /** Fills an empty folder. */
  @FunctionalInterface
  public interface Filler {
    void fill(Path folder) throws IOException;
  }

  /**
   * Writes a folder, in place of the one that may be there. No system call of the platform's API
   * exchanges two folders, so the old one is set aside for a moment; {@link #restore} puts it back
   * if the process ends in that moment.
   *
   * @throws EnvironmentFailure naming the folder; the target is then as it was
   */
  public static void write(Path target, Filler filler) {
    Path temporary = hidden(target, "." + ProcessHandle.current().pid() + TEMPORARY);
    try {
      restore(target);
      delete(temporary);
      Files.createDirectories(temporary);
      filler.fill(temporary);
      move(temporary, target);
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

  /** Puts a folder back that a process set aside and never replaced. */
  public static void restore(Path target) {
    Path old = hidden(target, OLD);
    try {
      if (Files.isDirectory(old)) {
        if (Files.exists(target)) {
          delete(old);
        } else {
          AtomicFile.rename(old, target);
        }
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(target + ": cannot be put back", e);
    }
  }

  /**
   * Removes what writers that were killed left half done in {@code parent}; the caller holds the
   * lock that keeps live ones away.
   */
  public static void sweep(Path parent) {
    if (!Files.isDirectory(parent)) {
      return;
    }
    try (Stream<Path> inside = Files.list(parent)) {
      List<Path> halfDone =
          inside
              .filter(p -> p.getFileName().toString().startsWith("."))
              .filter(p -> p.getFileName().toString().endsWith(TEMPORARY))
              .toList();
      for (Path path : halfDone) {
        delete(path);
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(parent + ": cannot be tidied", e);
    }
  }

  /** Deletes a folder with all that is in it, or a file; links are not followed. */
  public static void delete(Path folder) throws IOException {
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e)
                throws IOException {
              if (e != null) {
                throw e;
              }
              Files.delete(dir);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (NoSuchFileException e) {
      // gone is what was wanted
    }
  }

  /** Syncs a finished folder and moves it to its place, over the folder that may be there. */
  public static void move(Path temporary, Path target) throws IOException {
    sync(temporary);
    if (!Files.isDirectory(target)) {
      AtomicFile.rename(temporary, target);
      return;
    }
    Path old = hidden(target, OLD);
    AtomicFile.rename(target, old);
    AtomicFile.rename(temporary, target);
    delete(old);
  }

  private static void sync(Path folder) throws IOException {
    List<Path> all;
    try (Stream<Path> inside = Files.walk(folder)) {
      all = inside.toList();
    }
    for (Path path : all) {
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static Path hidden(Path target, String suffix) {
    Path whole = target.toAbsolutePath();
    Path name = Objects.requireNonNull(whole.getFileName(), "the root is not replaced");
    return whole.resolveSibling("." + name + suffix);
  }

  private static void discard(Path temporary) {
    try {
      delete(temporary);
    } catch (IOException e) {
      // the first failure is the one to tell
    }
  }
}
