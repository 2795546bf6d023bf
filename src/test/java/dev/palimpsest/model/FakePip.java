package dev.palimpsest.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A program that stands for {@code python3}: it logs its call and copies the wheel whose name
 * begins as the package asked for, or prints what pip prints when it fails.
 */
final class FakePip {
  private final Path folder;

  FakePip(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder);
    script(
        """
        for last; do :; done
        while [ "$1" != -d ]; do shift; done
        name=$(printf %s "${last%%==*}" | tr - _)
        cp WHEELS/"$name"-*.whl "$2"/ 2>/dev/null && exit 0
        echo "WARNING: Retrying" >&2
        echo "ERROR: No matching distribution found for $last" >&2
        exit 1
        """);
  }

  /** The program's path. */
  String python() {
    return folder.resolve("python").toString();
  }

  /** Where its wheels lie. */
  Path wheels() {
    return folder.resolve("wheels");
  }

  void script(String body) throws IOException {
    String text = "#!/bin/sh\necho \"$@\" >> LOG\n" + body;
    Path file = folder.resolve("python");
    Files.writeString(
        file,
        text.replace("LOG", folder.resolve("log").toString())
            .replace("WHEELS", wheels().toString()));
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
  }

  List<String> calls() throws IOException {
    Path log = folder.resolve("log");
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  /** What lies in a folder, hidden files and all folders below included. */
  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> Objects.requireNonNull(folder.relativize(file)).toString())
          .sorted()
          .toList();
    }
  }
}
