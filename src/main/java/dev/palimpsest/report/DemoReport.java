package dev.palimpsest.report;

import dev.palimpsest.compare.DemoResult;
import dev.palimpsest.run.AtomicFile;
import java.nio.file.Path;

/** The demonstration's page. */
public final class DemoReport {
  private DemoReport() {}

  /** Writes one self-contained HTML file. */
  public static void write(Path file, DemoResult result) {
    AtomicFile.write(file, new DemoPage(result).html());
  }
}
