package dev.palimpsest.measure;

import dev.palimpsest.run.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The retention probes that come with the program (docs/probes.md). */
public final class BuiltInProbes {
  private static final List<String> NAMES =
      List.of("arithmetic", "knowledge", "grammar", "senses", "common");

  private BuiltInProbes() {}

  /** Writes the probes' files into a folder and reads them from there. */
  public static List<Probe> in(Path folder) {
    List<Probe> probes = new ArrayList<>();
    for (String name : NAMES) {
      Path file = folder.resolve(name + ".jsonl");
      AtomicFile.write(file, out -> open(name).transferTo(out));
      probes.add(new ProbeReader().read(file, ProbeKind.RETENTION));
    }
    return probes;
  }

  private static InputStream open(String name) {
    try {
      return Objects.requireNonNull(
              BuiltInProbes.class.getResource("probes/" + name + ".jsonl"), name)
          .openStream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
