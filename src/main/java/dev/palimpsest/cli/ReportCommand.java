package dev.palimpsest.cli;

import dev.palimpsest.report.ReportPage;
import dev.palimpsest.report.SequenceReport;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A run, or a sequence, as a page. */
@Command(
    name = "report",
    description = "Write one self-contained HTML file about a run or a sequence.")
final class ReportCommand implements Runnable {
  @Parameters(paramLabel = "RUN", description = "folder of a run or a sequence")
  private Path run = Path.of("");

  @Option(names = "--out", description = "default: report.html in that folder")
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
    if (recovery == null && SequenceReport.isAbout(run)) {
      SequenceReport.write(file, run);
    } else {
      ReportPage.write(
          file, recovery == null ? ReportPage.ofRun(run) : ReportPage.ofRun(run, recovery));
    }
    output.print(Map.of("path", file.toString()), file::toString);
  }
}
