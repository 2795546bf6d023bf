package dev.palimpsest.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The operating system's lock on a file, held until closed or until the process ends, however it
 * ends. The file's text is the holder's pid, for the message only; it stays behind and means
 * nothing by itself.
 */
public final class RunLock implements AutoCloseable {
  /** How long a lock is waited for where the caller has no better idea. */
  public static final Duration PATIENCE = Duration.ofSeconds(5);

  /**
   * The files that this process holds. POSIX locks belong to the process, and closing any channel
   * on a locked file gives all of them back, so a second taker within the process must be turned
   * away before it opens the file. What the process holds is the process's state, hence static.
   */
  private static final Set<Object> HELD_HERE = ConcurrentHashMap.newKeySet();

  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final int LONGEST_PID = 32;

  private final FileChannel channel;
  private final Object key;

  private RunLock(FileChannel channel, Object key) {
    this.channel = channel;
    this.key = key;
  }

  /**
   * Takes the lock, trying again for {@code patience}.
   *
   * @param file made if missing, with the folders above it
   * @param what is locked, for the error
   * @throws EnvironmentFailure naming {@code what} and the holder's pid
   */
  public static RunLock take(Path file, String what, Duration patience) {
    long start = System.nanoTime();
    try {
      makeIfMissing(file);
      while (true) {
        RunLock lock = tryTake(file);
        if (lock != null) {
          return lock;
        }
        if (System.nanoTime() - start >= patience.toNanos()) {
          throw new EnvironmentFailure(
              what + ": process " + holder(file) + " is at work on it: wait for it or stop it");
        }
        Thread.sleep(PAUSE);
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be locked", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentFailure(what + ": interrupted while waiting for its lock", e);
    }
  }

  /** Takes the lock, trying again for five seconds. */
  public static RunLock take(Path file, String what) {
    return take(file, what, PATIENCE);
  }

  private static void makeIfMissing(Path file) throws IOException {
    Files.createDirectories(Objects.requireNonNull(file.toAbsolutePath().getParent()));
    try {
      Files.createFile(file);
    } catch (FileAlreadyExistsException e) {
      // then it need not be made
    }
  }

  private static @Nullable RunLock tryTake(Path file) throws IOException {
    Object identity = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    Object key = identity == null ? file.toRealPath() : identity;
    if (!HELD_HERE.add(key)) {
      return null;
    }
    FileChannel channel = null;
    boolean taken = false;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      taken = channel.tryLock() != null;
      if (taken) {
        byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(pid), 0);
      }
      return taken ? new RunLock(channel, key) : null;
    } finally {
      if (!taken) {
        if (channel != null) {
          channel.close();
        }
        HELD_HERE.remove(key);
      }
    }
  }

  private static String holder(Path file) throws IOException {
    if (HELD_HERE.contains(
        Objects.requireNonNullElse(
            Files.readAttributes(file, BasicFileAttributes.class).fileKey(), file.toRealPath()))) {
      return ProcessHandle.current().pid() + " (this one)"; // reading it here would unlock it
    }
    byte[] text = Files.readAllBytes(file);
    String pid =
        new String(text, 0, Math.min(text.length, LONGEST_PID), StandardCharsets.US_ASCII).strip();
    return pid.isEmpty() ? "(unknown)" : pid;
  }

  /** Gives the lock back. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw EnvironmentFailure.of("a lock cannot be given back", e);
    } finally {
      HELD_HERE.remove(key);
    }
  }
}
