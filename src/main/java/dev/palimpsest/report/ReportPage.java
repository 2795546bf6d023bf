package dev.palimpsest.report;

import dev.palimpsest.run.AtomicFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A report as one HTML file: no network, under 5 MB whatever it is about. Text, tables and pictures
 * stand in the file itself, and it prints; its one script makes every item findable.
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
   * What is to be said about one training run: its curve, what it cost, its settings, and what was
   * measured of it, as its folder keeps it: {@code ledger.json} and {@code items.jsonl}, {@code
   * path.json}, {@code samples.json} and {@code samples.jsonl}.
   *
   * @throws dev.palimpsest.run.BadInput naming the file, if it is no run or a file is not what it
   *     should be
   */
  public static ReportData ofRun(Path run) {
    return RunReport.of(run, Optional.empty());
  }

  /** The same with a recovery probe's folder, which holds {@code recovery.json}. */
  public static ReportData ofRun(Path run, Path recovery) {
    return RunReport.of(run, Optional.of(recovery));
  }
}
