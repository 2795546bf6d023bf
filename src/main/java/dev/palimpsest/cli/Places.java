package dev.palimpsest.cli;

import dev.palimpsest.model.ModelStore;
import dev.palimpsest.model.PullSettings;
import dev.palimpsest.run.Progress;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where things are kept. */
final class Places {
  private Places() {}

  /** $PALIMPSEST_CACHE, or a folder in the user's own cache; absolute. */
  static Path cache() {
    String chosen = System.getenv("PALIMPSEST_CACHE");
    return chosen == null || chosen.isBlank()
        ? Path.of(System.getProperty("user.home"), ".cache", "palimpsest")
        : Path.of(chosen).toAbsolutePath();
  }

  /** Earlier measurements. */
  static Path baselines() {
    return cache().resolve("ledger.sqlite");
  }

  static ModelStore store(Progress progress) {
    return new ModelStore(cache(), progress, PullSettings.of(System.getenv()));
  }

  /** The model's name as it holds from any folder: a local one's is its absolute path. */
  static String lasting(String model, Progress progress) {
    Path located = store(progress).locate(model); // the cache's are absolute
    return located.isAbsolute() ? model : located.toAbsolutePath().toString();
  }

  /** The folder if it is free, or the first free one with a number behind. */
  static Path fresh(Path folder) {
    Path free = folder;
    for (int i = 2; Files.exists(free); i++) {
      free = folder.resolveSibling(folder.getFileName() + "-" + i);
    }
    return free;
  }
}
