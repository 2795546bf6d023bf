package dev.palimpsest.cli;

import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.model.ModelStore;
import dev.palimpsest.model.PullSettings;
import dev.palimpsest.run.Progress;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where things are kept. */
final class Places {
  private static final String AIRPORTS = "airportsdata==20260905";
  private static final String AIRPORTS_SHA256 =
      "d7eaa9a57d373b0adaaae0d52da2af0bb0edf73f7baa170f7c415d3342bf4868";

  private Places() {}

  static Path cache() {
    return ModelStore.cache(System.getenv(), Path.of(System.getProperty("user.home")));
  }

  /** Earlier measurements. */
  static Path baselines() {
    return LedgerJob.storeIn(cache());
  }

  /** Texts that models wrote for their own training. */
  static Path replay() {
    return cache().resolve("replay");
  }

  static ModelStore store(Progress progress) {
    return new ModelStore(cache(), progress, PullSettings.of(System.getenv()));
  }

  /** The table that the program's own tasks are made from. */
  static Path airports(Progress progress) {
    return store(progress).fileFromWheel(AIRPORTS, AIRPORTS_SHA256, "airports.csv");
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
