package dev.palimpsest.cli;

import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Where results and progress go. */
final class Output {
  @Option(
      names = "--json",
      fallbackValue = "true",
      description = "stdout is exactly one JSON document")
  private boolean json;

  @SuppressWarnings("UnusedVariable") // Failures looks for the word in the call itself
  @Option(names = "--debug", description = "errors with their stack trace")
  private boolean debug;

  @Option(names = "--quiet", fallbackValue = "true", description = "no progress on stderr")
  private boolean quiet;

  @SuppressWarnings("UnusedVariable") // picocli answers it
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "show this")
  private boolean help;

  /** Prints a result: the document, or text for people. */
  void print(Object document, Supplier<String> text) {
    String out = json ? Json.write(document) : text.get();
    System.out.writeBytes((out + "\n").getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }

  /** A bar on a terminal, lines otherwise. */
  Progress progress() {
    if (quiet) {
      return Progress.none();
    }
    return Boolean.getBoolean("palimpsest.terminal")
        ? Progress.bar(System.err)
        : Progress.lines(System.err, System::nanoTime);
  }
}
