package dev.palimpsest.compare;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The real table, fetched by the user's pip once and kept with the build. */
final class AirportsWheel {
  private static final String VERSION = "20260905";
  private static final Path FOLDER = Path.of("target", "airportsdata-" + VERSION);

  private AirportsWheel() {}

  /** The table's file, or why pip could not fetch it. */
  record Fetched(Optional<Path> csv, String failure) {}

  static Fetched fetch() throws IOException, InterruptedException {
    Path csv = FOLDER.resolve("airports.csv");
    if (Files.exists(csv)) {
      return new Fetched(Optional.of(csv), "");
    }
    Files.createDirectories(FOLDER);
    Path log = FOLDER.resolve("pip.log");
    Process pip =
        new ProcessBuilder(
                "pip",
                "download",
                "--no-deps",
                "--dest",
                FOLDER.toString(),
                "airportsdata==" + VERSION)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (pip.waitFor() != 0) {
      return new Fetched(Optional.empty(), Files.readString(log));
    }
    Path wheel = FOLDER.resolve("airportsdata-" + VERSION + "-py3-none-any.whl");
    Path part = FOLDER.resolve("airports.part");
    try (ZipFile zip = new ZipFile(wheel.toFile())) {
      ZipEntry entry = Objects.requireNonNull(zip.getEntry("airportsdata/airports.csv"));
      try (InputStream in = zip.getInputStream(entry)) {
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.move(part, csv, StandardCopyOption.ATOMIC_MOVE);
    return new Fetched(Optional.of(csv), "");
  }
}
