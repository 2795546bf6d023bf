package dev.palimpsest.report;

import dev.palimpsest.compare.DemoResult;
import dev.palimpsest.run.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/** The demonstration's page: one self-contained HTML file that reads with scripts off. */
public final class DemoReport {
  private DemoReport() {}

  /** Writes the page. */
  public static void write(Path file, DemoResult result) {
    AtomicFile.write(file, new DemoPage(result, style()).html());
  }

  static String style() {
    try (InputStream css = DemoReport.class.getResourceAsStream("page.css")) {
      return new String(Objects.requireNonNull(css).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
