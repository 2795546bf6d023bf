package dev.palimpsest.cli;

import dev.palimpsest.measure.KeptLedger;
import dev.palimpsest.measure.LedgerTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Ledgers as a table. */
@Command(name = "export", description = "Write the items of runs' ledgers as one Parquet file.")
final class LedgerExportCommand implements Runnable {
  @Parameters(arity = "1..*", paramLabel = "RUN", description = "runs that keep a ledger")
  private List<Path> runs = new ArrayList<>();

  @Option(names = "--out", required = true, description = "the Parquet file")
  private Path out = Path.of("");

  @Mixin private Output output = new Output();

  @Override
  public void run() {
    long rows = LedgerTable.write(runs.stream().map(KeptLedger::in).toList(), out);
    output.print(Map.of("path", out.toString(), "rows", rows), () -> out + ": " + rows + " items");
  }
}
