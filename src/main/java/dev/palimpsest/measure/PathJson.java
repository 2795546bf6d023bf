package dev.palimpsest.measure;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A run's path as JSON, as docs/formats/over-time.md has it. */
public final class PathJson {
  /** The document that a run keeps. */
  public static final String DOCUMENT = "path.json";

  private PathJson() {}

  /**
   * The document.
   *
   * @param trained which of the probes' items the run was trained on
   */
  public static ObjectNode of(RunPath path, Overlap trained) {
    ObjectNode document = Json.mapper().createObjectNode();
    document.put("format", "palimpsest-path/1").put("model", path.model());
    path.unread().forEach(document.putArray("unread_steps")::add);
    ArrayNode stops = document.putArray("stops");
    for (RunPath.Stop stop : path.stops()) {
      ObjectNode node = stops.addObject().put("name", stop.name());
      node.put("step", stop.state().step()).put("scale", stop.scale());
      ObjectNode ledger =
          LedgerJson.of(HeldLedger.of(stop.ledger(), List.of(), Optional.of(trained)));
      ledger.remove(List.of("format", "thresholds"));
      node.setAll(ledger);
    }
    return document;
  }

  /** Keeps it in the run's folder for its report, and says so. */
  public static String keep(RunPath path, Overlap trained, Path run) {
    if (!Files.isWritable(run)) {
      return run + " cannot be written to: nothing is kept in it";
    }
    ObjectNode document = of(path, trained);
    RunLedger.sign(document, run);
    AtomicFile.write(run.resolve(DOCUMENT), Json.writePretty(document) + "\n");
    return RunLedger.told(run);
  }
}
