package dev.palimpsest.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has used of the machine's memory. */
public final class Memory {
  private Memory() {}

  /** The most bytes that were resident at once; 0 where the system does not tell. */
  public static long peakRssBytes() {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0; // not Linux
    }
  }
}
