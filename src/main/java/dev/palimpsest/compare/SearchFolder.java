package dev.palimpsest.compare;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tune.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A search on disk: {@code search.json}, the runs under {@code tries/}, and, once it has chosen,
 * the chosen run's record and log with the chosen adapter (docs/formats/run-folder.md).
 */
public final class SearchFolder {
  private static final String FORMAT = "palimpsest-search/1";
  private static final String DOCUMENT = "search.json";
  private static final String ASKED = "asked";
  private static final List<String> OF_RUN = List.of("metrics.jsonl", "result.json", "run.json");

  private final Path folder;

  private SearchFolder(Path folder) {
    this.folder = folder;
  }

  /** The search that a folder holds, if it holds one. */
  public static Optional<SearchPlan> plan(Path folder) {
    Path file = folder.resolve(DOCUMENT);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    JsonNode document = Json.read(file);
    if (!document.path("format").asString("").equals(FORMAT)) {
      throw new BadInput(file + ": its format is not " + FORMAT);
    }
    return Optional.of(Json.mapper().treeToValue(document.path(ASKED), SearchPlan.class));
  }

  /**
   * Begins a search, or goes on with it.
   *
   * @throws BadInput if something else is there
   */
  static SearchFolder begin(Path folder, SearchPlan plan) {
    Optional<SearchPlan> there = plan(folder);
    if (there.isEmpty() && Files.exists(folder)) {
      throw new BadInput(folder + ": exists and is no search: choose another place");
    }
    if (there.isPresent() && !there.get().equals(plan)) {
      throw new BadInput(folder + ": another search is there: remove it, or choose another place");
    }
    if (there.isEmpty()) {
      ObjectNode document = Json.mapper().createObjectNode().put("format", FORMAT);
      document.set(ASKED, Json.mapper().valueToTree(plan));
      AtomicFile.write(folder.resolve(DOCUMENT), Json.writePretty(document) + "\n");
    }
    return new SearchFolder(folder);
  }

  Path run(int number) {
    return folder.resolve("tries").resolve(String.valueOf(number));
  }

  /** Trains; a first run that is refused leaves nothing. */
  void trained(int number, IntConsumer training) {
    try {
      training.accept(number);
    } catch (BadInput | EnvironmentFailure e) {
      if (!Files.exists(run(1))) {
        discard();
      }
      throw e;
    }
  }

  private void discard() {
    try {
      AtomicFolder.delete(folder);
    } catch (IOException e) {
      throw EnvironmentFailure.of(folder + ": cannot be removed", e);
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
      AtomicFolder.write(folder.resolve("adapter"), inside -> PeftFolder.write(inside, dialled));
    }
    for (String file : OF_RUN) {
      AtomicFile.write(folder.resolve(file), out -> Files.copy(run.resolve(file), out));
    }
  }

  /** Writes what was tried. */
  void finish(SearchResult result) {
    ObjectNode document = SearchJson.of(result);
    document.set(ASKED, Json.mapper().valueToTree(result.plan()));
    AtomicFile.write(folder.resolve(DOCUMENT), Json.writePretty(document) + "\n");
  }
}
