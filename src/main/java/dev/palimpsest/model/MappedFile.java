package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file mapped read-only into memory until it is closed; any thread may read it. */
final class MappedFile implements AutoCloseable {
  private final Arena arena;
  private final MemorySegment bytes;

  private MappedFile(Arena arena, MemorySegment bytes) {
    this.arena = arena;
    this.bytes = bytes;
  }

  /**
   * Maps a file.
   *
   * @throws BadInput if there is no such file
   * @throws EnvironmentFailure if it cannot be read
   */
  static MappedFile open(Path path) {
    if (!Files.exists(path)) {
      throw new BadInput(path + ": no such file");
    }
    if (!Files.isRegularFile(path)) {
      throw new BadInput(path + ": not a file");
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return new MappedFile(
          arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
    } catch (IOException e) {
      arena.close();
      throw new EnvironmentFailure(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  MemorySegment bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
