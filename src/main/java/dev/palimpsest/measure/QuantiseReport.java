package dev.palimpsest.measure;

import dev.palimpsest.merge.QuantiseJob;
import dev.palimpsest.merge.Quantised;
import dev.palimpsest.run.Json;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** What quantising cost, in the weights and in the answers. */
public record QuantiseReport(Quantised quantised, Optional<Ledger> ledger) {
  /** The model and its adapter against what was written; where that was kept apart, it is there. */
  public static Sides sides(QuantiseJob job, Quantised written) {
    Optional<Path> apart = written.adapterApart() == null ? Optional.empty() : job.adapter();
    return new Sides(
        new Side(job.model(), job.adapter()),
        new Side(Objects.requireNonNull(written.model()), apart));
  }

  /** The document. */
  public ObjectNode json() {
    ObjectNode document = Json.mapper().valueToTree(quantised);
    document.set("ledger", ledger.map(LedgerJson::of).orElse(null));
    return document;
  }

  /** For people. */
  public String text() {
    return quantised.text() + ledger.map(each -> "\n\n" + LedgerText.of(each)).orElse("");
  }
}
