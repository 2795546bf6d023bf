package dev.palimpsest.cli;

import picocli.CommandLine.Option;

/** How many threads an operation has. */
final class ThreadOptions {
  @Option(names = "--threads", defaultValue = "0", description = "default: all processors")
  private int threads;

  /** Settles it for all operations; how many there are. */
  int settle() {
    return Main.threads(threads);
  }
}
