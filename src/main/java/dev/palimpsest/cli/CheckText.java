package dev.palimpsest.cli;

import dev.palimpsest.data.Finding;
import dev.palimpsest.measure.Preflight;
import java.util.stream.Collectors;

/** What {@code check} prints for people. */
final class CheckText {
  private CheckText() {}

  static String of(Preflight.Report report) {
    return report.findings().stream().map(CheckText::line).collect(Collectors.joining("\n"))
        + (report.ok() ? "\nfit to train on" : "\nnot fit to train on");
  }

  private static String line(Finding finding) {
    return finding.severity().word()
        + " "
        + finding.code()
        + " "
        + finding.where()
        + ": "
        + finding.message();
  }
}
