package dev.palimpsest.cli;

import dev.palimpsest.report.ReportData;
import dev.palimpsest.report.ReportPage;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A run as a page. */
@Command(name = "report", description = "Write one self-contained HTML file about a run.")
final class ReportCommand implements Runnable {
  @Parameters(paramLabel = "RUN", description = "a run's folder")
  private Path run = Path.of("");

  @Option(names = "--out", description = "default: report.html in the run's folder")
  private @Nullable Path out;

  @Option(
      names = "--recovery",
      paramLabel = "DIR",
      description = "shows what ledger recover --out DIR found")
  private @Nullable Path recovery;

  @Mixin private Output output = new Output();

  @Override
  public void run() {
    Path file = out == null ? run.resolve("report.html") : out;
    ReportData data = recovery == null ? ReportPage.ofRun(run) : ReportPage.ofRun(run, recovery);
    ReportPage.write(file, data);
    output.print(Map.of("path", file.toString()), file::toString);
  }
}
