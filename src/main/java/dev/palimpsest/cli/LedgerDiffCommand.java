package dev.palimpsest.cli;

import dev.palimpsest.measure.KeptLedger;
import dev.palimpsest.measure.LedgerDiff;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Two runs, item by item. */
@Command(name = "diff", description = "Hold the ledgers of two runs against each other.")
final class LedgerDiffCommand implements Runnable {
  @Parameters(index = "0", paramLabel = "RUN", description = "a run that keeps a ledger")
  private Path first = Path.of("");

  @Parameters(index = "1", paramLabel = "RUN", description = "another, on the same probes")
  private Path second = Path.of("");

  @Mixin private Output output = new Output();

  @Override
  public void run() {
    LedgerDiff diff = LedgerDiff.of(KeptLedger.in(first), KeptLedger.in(second));
    output.print(diff.json(), diff::text);
  }
}
