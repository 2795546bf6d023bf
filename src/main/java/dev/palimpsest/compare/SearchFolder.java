package dev.palimpsest.compare;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tune.Checkpoints;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * A search on disk: {@code search.json}, the runs under {@code tries/}, and, once it has chosen,
 * the chosen run's record and log with the chosen adapter (docs/formats/run-folder.md).
 */
public final class SearchFolder {
  private static final List<String> OF_RUN = List.of("metrics.jsonl", "result.json", "run.json");

  private final AskedFolder<SearchPlan> folder;

  private SearchFolder(AskedFolder<SearchPlan> folder) {
    this.folder = folder;
  }

  private static AskedFolder<SearchPlan> in(Path folder) {
    return new AskedFolder<>(folder, "search", SearchPlan.class);
  }

  /** The search that a folder holds, if it holds one. */
  public static Optional<SearchPlan> plan(Path folder) {
    return in(folder).asked();
  }

  /**
   * Begins a search, or goes on with it.
   *
   * @throws BadInput if something else is there
   */
  static SearchFolder begin(Path folder, SearchPlan plan) {
    AskedFolder<SearchPlan> asked = in(folder);
    asked.begin(plan);
    return new SearchFolder(asked);
  }

  Path run(int number) {
    return folder.folder().resolve("tries").resolve(String.valueOf(number));
  }

  /** Trains; a first run that is refused leaves nothing. */
  void trained(int number, IntConsumer training) {
    try {
      training.accept(number);
    } catch (BadInput | EnvironmentFailure e) {
      if (!Files.exists(run(1))) {
        folder.discard();
      }
      throw e;
    }
  }

  /** Whether a run's adapter has a scale. */
  static boolean scalable(Path run) {
    return !PeftFolder.readConfig(run.resolve("adapter")).weightDecomposed();
  }

  /** Puts the chosen adapter into the folder, and beside it the run that it is of. */
  void take(SearchResult.Tried tried, LanguageModel base) {
    Path run = run(tried.number());
    try (Scope _ = Scope.open()) {
      Adapter adapter =
          tried.state().equals("end")
              ? PeftFolder.readLora(run.resolve("adapter"), base.decoder().config())
              : Checkpoints.adapter(run, tried.step(), base);
      Adapter dialled = tried.scale() == 1 ? adapter : adapter.scaled(tried.scale());
      AtomicFolder.write(
          folder.folder().resolve("adapter"), inside -> PeftFolder.write(inside, dialled));
    }
    for (String file : OF_RUN) {
      AtomicFile.write(folder.folder().resolve(file), out -> Files.copy(run.resolve(file), out));
    }
  }

  /** Writes what was tried. */
  void finish(SearchResult result) {
    folder.finish(SearchJson.of(result), result.plan());
  }
}
