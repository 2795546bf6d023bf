package dev.palimpsest.model;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Memory on its way into a file. */
final class StoredBytes {
  private static final int BUFFER = 1 << 20;

  private StoredBytes() {}

  /** Writes all of it. */
  static void write(MemorySegment bytes, OutputStream out) throws IOException {
    byte[] buffer = new byte[(int) Math.min(BUFFER, bytes.byteSize())];
    for (long at = 0; at < bytes.byteSize(); at += buffer.length) {
      int now = (int) Math.min(buffer.length, bytes.byteSize() - at);
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, buffer, 0, now);
      out.write(buffer, 0, now);
    }
  }
}
