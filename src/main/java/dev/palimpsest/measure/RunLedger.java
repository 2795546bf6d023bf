package dev.palimpsest.measure;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.run.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The ledger that a run's folder holds about the run's own adapter, for its report: {@code
 * ledger.json} and {@code items.jsonl}.
 *
 * @param run the run's folder
 * @param before the side that the adapter is held against
 * @param after the side with the run's adapter
 */
public record RunLedger(Path run, Side before, Side after) {
  /** The document; it is there only while the item lines beside it are its own. */
  public static final String DOCUMENT = "ledger.json";

  /** The item lines. */
  public static final String ITEMS = "items.jsonl";

  private static final String ADAPTER = "adapter_sha256";

  /** The place for a ledger, if the adapter after is the product of a run that can be written. */
  public static Optional<RunLedger> of(Side before, Side after) {
    return after
        .adapter()
        .flatMap(RunFolder::around)
        .filter(Files::isWritable)
        .map(run -> new RunLedger(run, before, after));
  }

  /**
   * Writes the ledger, in the place of the one that may be there.
   *
   * @throws EnvironmentFailure if the folder cannot be written
   */
  public void write(Ledger ledger) {
    write(ledger, LedgerJson.of(ledger));
  }

  /** Writes the ledger with what it was held against. */
  public void write(HeldLedger held) {
    write(held.ledger(), LedgerJson.of(held));
  }

  private void write(Ledger ledger, ObjectNode document) {
    document.put("before", before.toString()).put("after", after.toString());
    after.adapter().ifPresent(adapter -> document.put(ADAPTER, hash(adapter)));
    replace(
        run.resolve(DOCUMENT), document, () -> LedgerJson.writeItems(ledger, run.resolve(ITEMS)));
  }

  /** Writes lines and the document about them, which is never there beside another's lines. */
  static void replace(Path file, ObjectNode document, Runnable lines) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be replaced", e);
    }
    lines.run();
    AtomicFile.write(file, Json.writePretty(document) + "\n");
  }

  /** What a table ends with where something is kept in a run. */
  static String told(Path run) {
    return "kept in " + run + ", for its report";
  }

  /** Says in a document which adapter a run has now, if it has one. */
  static void sign(ObjectNode document, Path run) {
    Path adapter = run.resolve("adapter");
    if (Files.isDirectory(adapter)) {
      document.put(ADAPTER, hash(adapter));
    }
  }

  /** Whether a run's adapter is another now than the one that its ledger's document is about. */
  public static boolean outdated(JsonNode document, Path run) {
    String then = document.path(ADAPTER).asString("");
    Path adapter = run.resolve("adapter");
    return !then.isEmpty() && Files.isDirectory(adapter) && !then.equals(hash(adapter));
  }

  private static String hash(Path adapter) {
    return Sha256.of(adapter.resolve("adapter_model.safetensors"));
  }
}
