package dev.palimpsest.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * One JSON line a step, only ever appended to. A line counts once its line feed is written; what a
 * killed process left behind the last line feed is dropped when the log is opened again.
 */
final class MetricsLog implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private long lastStep;

  private MetricsLog(Path file, FileChannel channel, long lastStep) {
    this.file = file;
    this.channel = channel;
    this.lastStep = lastStep;
  }

  static MetricsLog open(Path file) {
    try {
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      boolean opened = false;
      try {
        dropTornLine(channel);
        List<JsonNode> lines = read(file);
        long lastStep = lines.isEmpty() ? 0 : lines.getLast().path("step").asLong(0);
        opened = true;
        return new MetricsLog(file, channel, lastStep);
      } finally {
        if (!opened) {
          channel.close();
        }
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be opened", e);
    }
  }

  /** The whole lines of a log that may be growing. */
  static List<JsonNode> read(Path file) {
    List<JsonNode> lines = new ArrayList<>();
    try {
      String text = Files.readString(file);
      int begin = 0;
      for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', begin)) {
        lines.add(Json.parse(text.substring(begin, end), file + ", line " + (lines.size() + 1)));
        begin = end + 1;
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be read", e);
    }
    return List.copyOf(lines);
  }

  long lastStep() {
    return lastStep;
  }

  void append(long step, Object line) {
    if (step <= lastStep) {
      return;
    }
    ByteBuffer bytes = ByteBuffer.wrap((Json.write(line) + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      lastStep = step;
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be written", e);
    }
  }

  void sync() {
    try {
      channel.force(true);
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be written", e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be closed", e);
    }
  }

  private static void dropTornLine(FileChannel log) throws IOException {
    long end = log.size();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (end > 0) {
      one.clear();
      log.read(one, end - 1);
      if (one.get(0) == '\n') {
        break;
      }
      end--;
    }
    log.truncate(end);
    log.position(end);
  }
}
