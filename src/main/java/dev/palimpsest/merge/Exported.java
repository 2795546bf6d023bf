package dev.palimpsest.merge;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What an export wrote.
 *
 * @param out the folder or file
 * @param bytes of all files
 * @param type of the matrices, or of the factors
 * @param files by their names
 * @param notes what a reader should know of it
 */
public record Exported(
    String out, long bytes, String format, String type, List<String> files, List<String> notes) {
  /** Copies the lists. */
  public Exported {
    files = List.copyOf(files);
    notes = List.copyOf(notes);
  }

  /** For people. */
  public String text() {
    String told = notes.stream().map(note -> "%n%s".formatted(note)).collect(Collectors.joining());
    return "%s%n%s in %s, %.1f MB: %s%s"
        .formatted(out, format, type, bytes / 1e6, String.join(", ", files), told);
  }
}
