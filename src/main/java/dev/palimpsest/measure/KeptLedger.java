package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * A run's ledger as {@link RunLedger} wrote it.
 *
 * @param document of {@code ledger.json}
 * @param rows of {@code items.jsonl}, by probe, in the ledger's order
 */
public record KeptLedger(Path run, JsonNode document, Map<String, List<ItemRow>> rows) {
  /**
   * Reads a run's ledger.
   *
   * @throws BadInput if there is none, or its item lines are damaged
   */
  public static KeptLedger in(Path run) {
    Path file = run.resolve(RunLedger.DOCUMENT);
    if (!Files.isRegularFile(file)) {
      throw new BadInput(
          run + ": there is no ledger in it: ledger --after MODEL+" + run + "/adapter makes one");
    }
    Path items = run.resolve(RunLedger.ITEMS);
    Map<String, List<ItemRow>> rows = new LinkedHashMap<>();
    try (Stream<String> lines = Files.lines(items)) {
      lines
          .map(line -> LedgerJson.row(Json.parse(line, items.toString()), items.toString()))
          .forEach(row -> rows.computeIfAbsent(row.probe(), _ -> new ArrayList<>()).add(row));
    } catch (IOException | UncheckedIOException e) {
      throw new EnvironmentFailure(items + ": cannot be read: " + e.getMessage(), e);
    }
    return new KeptLedger(run, Json.read(file), rows);
  }

  /** A probe's part of the document, if it has that probe. */
  Optional<JsonNode> probe(String name) {
    return document
        .path("probes")
        .valueStream()
        .filter(probe -> probe.path("name").asString("").equals(name))
        .findFirst();
  }

  /** Whether it is about an adapter that the run no longer has. */
  public boolean outdated() {
    return RunLedger.outdated(document, run);
  }
}
