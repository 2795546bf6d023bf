package dev.palimpsest.model;

import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.FolderManifest;
import dev.palimpsest.run.RunLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Folders of fetched files, each with its manifest; one process at a time fills one of them. */
final class PullCache {
  /** Another process may be fetching gigabytes. */
  private static final Duration PATIENCE = Duration.ofHours(2);

  private final Path root;

  PullCache(Path root) {
    this.root = root;
  }

  /** A folder whose files were there, whole, when it was looked at. */
  record Kept(Path folder, FolderManifest manifest) {
    String about(String key) {
      return manifest.about().getOrDefault(key, "");
    }
  }

  Path folder(String kind, String name) {
    return root.resolve(kind).resolve(name);
  }

  /** What the folder keeps, if sizes and times (or else contents) are as recorded. */
  Optional<Kept> glance(Path folder) {
    return FolderManifest.in(folder)
        .filter(manifest -> manifest.damageAtAGlance(folder).isEmpty())
        .map(manifest -> new Kept(folder, manifest));
  }

  /** What the folder keeps, if every byte is as recorded. */
  Optional<Kept> read(Path folder) {
    return FolderManifest.in(folder)
        .filter(manifest -> manifest.damage(folder).isEmpty())
        .map(manifest -> new Kept(folder, manifest));
  }

  /** The kept folders of a kind, the one fetched last first. */
  List<Path> newestFirst(String kind) {
    Path parent = root.resolve(kind);
    if (!Files.isDirectory(parent)) {
      return List.of();
    }
    try (Stream<Path> inside = Files.list(parent)) {
      return inside
          .filter(folder -> Files.isRegularFile(folder.resolve(FolderManifest.NAME)))
          .sorted(Comparator.comparingLong(PullCache::fetched).reversed())
          .toList();
    } catch (IOException e) {
      throw EnvironmentFailure.of(parent + ": cannot be read", e);
    }
  }

  private static long fetched(Path folder) {
    return folder.resolve(FolderManifest.NAME).toFile().lastModified();
  }

  /** Seals a folder full of fetched files and moves it to its place in the cache. */
  Kept adopt(Path full, Path folder, Map<String, String> about) throws IOException {
    FolderManifest manifest = FolderManifest.seal(full, about);
    Files.createDirectories(Objects.requireNonNull(folder.getParent()));
    AtomicFolder.move(full, folder); // whatever is there was found damaged
    return new Kept(folder, manifest);
  }

  /** Does work while no other process does work of this name. */
  <T> T alone(String name, Supplier<T> work) {
    Path file = root.resolve(".locks").resolve(name.replaceAll("[^\\w.-]", "_"));
    RunLock lock = RunLock.take(file, name, PATIENCE);
    try {
      return work.get();
    } finally {
      lock.close();
    }
  }

  /** Runs work in an empty folder that is gone afterwards. */
  <T> T scratch(String name, Scratch<T> work) {
    Path folder = root.resolve(".scratch").resolve(name.replaceAll("[^\\w.-]", "_"));
    try {
      AtomicFolder.delete(folder); // of a process that was killed: the lock keeps live ones away
      Files.createDirectories(folder);
      try {
        return work.in(folder);
      } finally {
        AtomicFolder.delete(folder);
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(folder + ": cannot be used", e);
    }
  }

  /** Work in a folder. */
  @FunctionalInterface
  interface Scratch<T> {
    T in(Path folder) throws IOException;
  }
}
