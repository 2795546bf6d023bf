package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;

/**
 * Rows of a JSONL file, or of a file that is one JSON array, by their places in it: 16 bytes of
 * memory a row. The file must stay as it is while it is open.
 */
final class JsonRows implements RowStore {
  private static final int LONGEST = 1 << 30;
  private static final int CHUNK = 1 << 16;

  private final Path file;
  private final FileChannel channel;
  private long[] offsets = new long[1024];
  private int[] lengths = new int[1024];
  private int[] lines = new int[1024];
  private int size;

  private JsonRows(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Reads the whole file once, through {@code digest}. */
  static JsonRows scan(Path file, MessageDigest digest, Visitor visitor) {
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      JsonRows rows = new JsonRows(file, channel);
      try {
        InputStream in =
            new BufferedInputStream(
                new DigestInputStream(Channels.newInputStream(channel), digest), CHUNK);
        if (startsWithBracket(in)) {
          rows.scanArray(in, visitor);
        } else {
          rows.scanLines(in, visitor);
        }
        return rows;
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static boolean startsWithBracket(InputStream in) throws IOException {
    in.mark(CHUNK);
    byte[] head = in.readNBytes(CHUNK / 2);
    in.reset();
    int i = bom(head);
    while (i < head.length && head[i] <= ' ' && head[i] >= 0) {
      i++;
    }
    return i < head.length && head[i] == '[';
  }

  private static int bom(byte[] bytes) {
    return bytes.length >= 3
            && bytes[0] == (byte) 0xEF
            && bytes[1] == (byte) 0xBB
            && bytes[2] == (byte) 0xBF
        ? 3
        : 0;
  }

  private void scanLines(InputStream in, Visitor visitor) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    byte[] chunk = new byte[CHUNK];
    long start = 0;
    int number = 1;
    for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
      int from = 0;
      for (int i = 0; i < n; i++) {
        if (chunk[i] == '\n') {
          line.write(chunk, from, i - from);
          from = i + 1;
          visitLine(line.toByteArray(), start, number, visitor);
          start += line.size() + 1;
          line.reset();
          number++;
        }
      }
      line.write(chunk, from, n - from);
      if (line.size() > LONGEST) {
        throw new BadInput(file + ", line " + number + ": longer than 1 GiB; split the row");
      }
    }
    visitLine(line.toByteArray(), start, number, visitor);
  }

  private void visitLine(byte[] line, long offset, int number, Visitor visitor) {
    int from = number == 1 ? bom(line) : 0;
    int to = line.length;
    while (to > from && line[to - 1] <= ' ' && line[to - 1] >= 0) {
      to--;
    }
    if (to > from && visitor.visit(Arrays.copyOfRange(line, from, to), () -> name(number))) {
      add(offset + from, to - from, number);
    }
  }

  private void scanArray(InputStream in, Visitor visitor) throws IOException {
    int line = 1;
    // closing the parser would close the channel, which is read from later
    try (JsonParser parser =
        Json.mapper().reader().without(StreamReadFeature.AUTO_CLOSE_SOURCE).createParser(in)) {
      parser.nextToken();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        long start = parser.currentTokenLocation().getByteOffset();
        line = parser.currentTokenLocation().getLineNr();
        if (parser.currentToken() == null || !parser.currentToken().isStructStart()) {
          visitor.broken(name(line), "a row is a JSON object");
          return;
        }
        parser.skipChildren();
        long length = parser.currentLocation().getByteOffset() - start;
        if (length > LONGEST) {
          throw new BadInput(file + ", line " + line + ": longer than 1 GiB; split the row");
        }
        int at = line;
        if (visitor.visit(read(start, (int) length), () -> name(at))) {
          add(start, (int) length, line);
        }
      }
      if (parser.nextToken() != null) {
        visitor.broken(
            name(parser.currentLocation().getLineNr()), "text after the JSON array's end");
      }
    } catch (JacksonException e) {
      visitor.broken(
          name(e.getLocation() == null ? line : e.getLocation().getLineNr()),
          "not JSON: " + e.getOriginalMessage());
    }
  }

  private void add(long offset, int length, int line) {
    if (size == offsets.length) {
      int larger = size + (size >> 1);
      offsets = Arrays.copyOf(offsets, larger);
      lengths = Arrays.copyOf(lengths, larger);
      lines = Arrays.copyOf(lines, larger);
    }
    offsets[size] = offset;
    lengths[size] = length;
    lines[size] = line;
    size++;
  }

  private byte[] read(long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, offset + bytes.position()) < 0) {
        throw new BadInput(file + ": the file has changed since it was opened");
      }
    }
    return bytes.array();
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public byte[] row(int index) {
    try {
      return read(offsets[index], lengths[index]);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  @Override
  public int bytes(int index) {
    return lengths[index];
  }

  @Override
  public String place(int index) {
    return name(lines[index]);
  }

  private static String name(int line) {
    return "line " + line;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static EnvironmentFailure unreadable(Path file, IOException e) {
    return new EnvironmentFailure(file + ": cannot be read: " + e, e);
  }
}
