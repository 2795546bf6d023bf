package dev.palimpsest.cli;

import dev.palimpsest.measure.BuiltInProbes;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.LossLimit;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** When a run is to end early. */
final class StopOptions {
  @Option(
      names = "--stop-if-lost",
      paramLabel = "PERCENT",
      description =
          "end at an evaluation that sees more lost of a --probe, as 5%%, and write the state of"
              + " the last one within")
  private @Nullable String limit;

  @Option(
      names = "--probe",
      paramLabel = "FILE|" + BuiltInProbes.NAME,
      description = "with --stop-if-lost: a retention probe; may repeat")
  private List<String> probes = new ArrayList<>();

  @Option(
      names = "--stop-patience",
      description =
          "evaluations in a row over --stop-if-lost when the run ends; default: "
              + LossLimit.PATIENCE)
  private @Nullable Integer patience;

  @Option(
      names = "--max-tokens",
      description = "with --stop-if-lost or --keep: of an answer; default: " + LedgerJob.MAX_TOKENS)
  private @Nullable Integer maxTokens;

  int maxTokens() {
    return maxTokens == null ? LedgerJob.MAX_TOKENS : maxTokens;
  }

  /**
   * The limit, if there is one.
   *
   * @throws BadInput if something else is said of it
   */
  Optional<LossLimit> limit() {
    if (limit == null) {
      if (!probes.isEmpty() || patience != null || maxTokens != null) {
        throw new BadInput(
            "--probe and --stop-patience go with --stop-if-lost PERCENT, --max-tokens with that or"
                + " --keep");
      }
      return Optional.empty();
    }
    return Optional.of(
        new LossLimit(
            probes.stream().map(StopOptions::lasting).toList(),
            ThresholdOptions.percent("--stop-if-lost", limit),
            patience == null ? LossLimit.PATIENCE : patience,
            maxTokens()));
  }

  /** Refuses a limit beside one that is kept otherwise. */
  void requireNone() {
    if (limit != null || patience != null || !probes.isEmpty()) {
      throw new BadInput(
          "--keep finds the setting that loses little enough by itself: leave --stop-if-lost,"
              + " --stop-patience and --probe out");
    }
  }

  /** A file is told from wherever the run goes on. */
  private static String lasting(String probe) {
    return probe.equals(BuiltInProbes.NAME) ? probe : Path.of(probe).toAbsolutePath().toString();
  }
}
