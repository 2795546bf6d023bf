package dev.palimpsest.report;

import dev.palimpsest.run.AtomicFile;
import java.nio.file.Path;

/**
 * A report as one HTML file: no script, no network, under 5 MB whatever it is about. Text, tables
 * and pictures stand in the file itself, and it prints.
 */
public final class ReportPage {
  private ReportPage() {}

  /**
   * Writes the page.
   *
   * @throws dev.palimpsest.run.EnvironmentFailure if the file cannot be written
   */
  public static void write(Path file, ReportData data) {
    AtomicFile.write(file, new Page(data).html());
  }

  /**
   * What is to be said about one training run: its curve, what it cost, its settings, and its
   * ledger, if {@code ledger.json} (what {@code ledger --json} prints) stands in the folder, with
   * {@code items.jsonl} (what {@code ledger --items} writes) beside it.
   *
   * @throws dev.palimpsest.run.BadInput naming the file, if it is no run or a file is not what it
   *     should be
   */
  public static ReportData ofRun(Path run) {
    return RunReport.of(run);
  }
}
