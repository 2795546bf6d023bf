package dev.palimpsest.measure;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.node.ObjectNode;

/** The retention probes that come with the program (docs/probes.md). */
public final class BuiltInProbes {
  /** What stands for all of them where a probe's file could be given. */
  public static final String NAME = "built-in";

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

  /**
   * The retention probes that a word of the user's stands for.
   *
   * @param given a probe's file, or {@value #NAME}
   * @param cache whose folder {@code probes} takes the program's own
   */
  public static List<Probe> retention(String given, Path cache) {
    return given.equals(NAME)
        ? in(cache.resolve("probes"))
        : List.of(new ProbeReader().read(Path.of(given), ProbeKind.RETENTION));
  }

  /**
   * Writes one probe's file with so many items of each, evenly spread; a slice for each.
   *
   * @param each at most
   */
  public static Path some(Path file, int each) {
    StringBuilder lines = new StringBuilder();
    for (String name : NAMES) {
      List<String> all = lines(name);
      int most = Math.min(each, all.size());
      for (int i = 0; i < most; i++) {
        ObjectNode item = (ObjectNode) Json.parse(all.get(i * all.size() / most), name);
        item.put("id", name + "-" + item.path("id").asString()).put("slice", name);
        lines.append(Json.write(item)).append('\n');
      }
    }
    AtomicFile.write(file, lines.toString());
    return file;
  }

  private static List<String> lines(String name) {
    try (InputStream in = open(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
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
