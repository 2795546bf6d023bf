package dev.palimpsest.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Looks for room on a disk before long work fills it. */
public final class FreeSpace {
  private FreeSpace() {}

  /**
   * Fails unless the disk that holds (or will hold) {@code place} has room.
   *
   * @param bytes what is about to be written
   * @param what named in the error: the file, the checkpoint
   * @throws EnvironmentFailure naming place, need and room
   */
  public static void require(Path place, long bytes, String what) {
    Path there = place.toAbsolutePath();
    for (Path up = there.getParent(); !Files.exists(there) && up != null; up = up.getParent()) {
      there = up;
    }
    long free;
    try {
      free = Files.getFileStore(there).getUsableSpace();
    } catch (IOException e) {
      return; // a file system that cannot say: writing will tell
    }
    if (free < bytes) {
      throw new EnvironmentFailure(
          String.format(
              Locale.ROOT,
              "%s: disk full: %s needs %.1f MB, %.1f MB are free: make room or choose another place",
              place,
              what,
              bytes / 1e6,
              free / 1e6));
    }
  }
}
