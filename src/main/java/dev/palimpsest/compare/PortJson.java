package dev.palimpsest.compare;

import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.run.Json;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A port's JSON, as docs/port.md has it. */
public final class PortJson {
  private PortJson() {}

  /** The document. */
  public static ObjectNode of(PortResult result) {
    ObjectNode document = Json.mapper().createObjectNode().put("format", "palimpsest-port/1");
    document.put("out", result.out().toString());
    document.put("from", result.plan().from()).put("to", result.plan().to());
    document.put("may_lose", result.mayLose());
    ArrayNode tried = document.putArray("tried");
    result.tried().forEach(each -> tried.add(tried(each)));
    document.putNull("method").putNull("on").putNull("within_limit").putNull("ledger");
    result
        .chosen()
        .ifPresent(
            chosen -> {
              document.put("method", chosen.method().toString());
              document.put("on", chosen.on().name().toLowerCase(Locale.ROOT));
              document.put("within_limit", chosen.within(result.mayLose()));
              document.set("ledger", LedgerJson.of(chosen.ledger()));
            });
    return document;
  }

  private static ObjectNode tried(PortResult.Tried tried) {
    ObjectNode node = Json.mapper().createObjectNode().put("method", tried.method().toString());
    node.put("refused", tried.refused().orElse(null)).put("allowed", tried.allowed());
    node.putNull("selection");
    tried.fit().ifPresent(fit -> node.set("fit", Json.mapper().valueToTree(fit)));
    tried.selection().ifPresent(reading -> node.set("selection", SearchJson.reading(reading)));
    return node;
  }
}
