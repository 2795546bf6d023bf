package dev.palimpsest.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/**
 * What a folder that we wrote must hold, kept in it as {@code files.json}, so that a truncated or
 * changed file is noticed.
 *
 * @param format {@value #FORMAT}
 * @param version of the format
 * @param about where the folder comes from, in names that the writer chooses
 * @param files every regular file, sorted by name
 */
public record FolderManifest(
    String format, int version, Map<String, String> about, List<Entry> files) {
  /** The manifest's own name in the folder. */
  public static final String NAME = "files.json";

  static final String FORMAT = "palimpsest-files";
  private static final int VERSION = 1;

  /**
   * One file.
   *
   * @param name relative to the folder, with {@code /}
   * @param modified the file's time of last change in milliseconds since 1970
   */
  public record Entry(String name, long bytes, String sha256, long modified) {}

  public FolderManifest {
    if (!format.equals(FORMAT) || version != VERSION) {
      throw new IllegalArgumentException(
          format + " " + version + " is not " + FORMAT + " " + VERSION);
    }
    about = Map.copyOf(about);
    files = List.copyOf(files);
  }

  /** Hashes what is in the folder and writes the manifest into it. */
  public static FolderManifest seal(Path folder, Map<String, String> about) throws IOException {
    List<Path> found;
    try (Stream<Path> inside = Files.walk(folder)) {
      found = inside.filter(Files::isRegularFile).sorted().toList();
    }
    List<Entry> entries = new ArrayList<>();
    for (Path file : found) {
      String name = folder.relativize(file).toString().replace('\\', '/');
      if (!name.equals(NAME)) {
        entries.add(
            new Entry(
                name,
                Files.size(file),
                Sha256.of(file),
                Files.getLastModifiedTime(file).toMillis()));
      }
    }
    FolderManifest manifest = new FolderManifest(FORMAT, VERSION, about, entries);
    Map<String, Object> sorted = new TreeMap<>(about);
    AtomicFile.write(
        folder.resolve(NAME),
        Json.writePretty(
                Map.of("format", FORMAT, "version", VERSION, "about", sorted, "files", entries))
            + "\n");
    return manifest;
  }

  /** The manifest of a folder; empty if there is none, or none that can be read. */
  public static Optional<FolderManifest> in(Path folder) {
    try {
      return Optional.of(
          Json.mapper().readValue(Files.readString(folder.resolve(NAME)), FolderManifest.class));
    } catch (IOException | JacksonException e) {
      return Optional.empty(); // the folder is then as good as absent
    }
  }

  /** The first file that is missing or differs; every byte is read. */
  public Optional<String> damage(Path folder) {
    return files.stream().filter(entry -> !whole(folder, entry)).map(Entry::name).findFirst();
  }

  /**
   * The first file that is missing or differs; the content of a file whose size and time of last
   * change are as recorded is taken on trust.
   */
  public Optional<String> damageAtAGlance(Path folder) {
    return files.stream()
        .filter(entry -> !untouched(folder, entry) && !whole(folder, entry))
        .map(Entry::name)
        .findFirst();
  }

  private static boolean untouched(Path folder, Entry entry) {
    Path file = folder.resolve(entry.name());
    try {
      return Files.size(file) == entry.bytes()
          && Files.getLastModifiedTime(file).toMillis() == entry.modified();
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean whole(Path folder, Entry entry) {
    Path file = folder.resolve(entry.name());
    try {
      return Files.isRegularFile(file)
          && Files.size(file) == entry.bytes()
          && Sha256.of(file).equals(entry.sha256());
    } catch (IOException e) {
      return false;
    }
  }
}
