package dev.palimpsest.cli;

import dev.palimpsest.measure.LedgerJob;
import picocli.CommandLine.Option;

/** What a divergence is measured along. */
final class TextOptions {
  @Option(
      names = "--texts",
      description =
          "texts sampled, and prompts answered, for the divergence; default: ${DEFAULT-VALUE}")
  private int count = LedgerJob.TEXTS;

  int count() {
    return count;
  }
}
