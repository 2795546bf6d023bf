package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is mixed in against forgetting. */
final class ReplayOptions {
  @Option(
      names = "--replay",
      description =
          "FILE:PERCENT of an epoch's items against forgetting; base:PERCENT for texts that the"
              + " model itself writes first")
  private @Nullable String replay;

  @Option(
      names = "--replay-loss",
      description =
          "ce: replay is learned as the rest; kl: the base's distribution along it is kept")
  private TuneJob.Replay.@Nullable Loss loss;

  Optional<TuneJob.Replay> replay() {
    if (replay == null) {
      if (loss != null) {
        throw new BadInput("--replay-loss: along what? give --replay FILE:PERCENT");
      }
      return Optional.empty();
    }
    int colon = replay.lastIndexOf(':');
    if (colon < 1) {
      throw new BadInput("--replay " + replay + ": give FILE:PERCENT, such as old.jsonl:10%");
    }
    double percent = ThresholdOptions.percent("--replay", replay.substring(colon + 1)) * 100;
    Path named = Path.of(replay.substring(0, colon));
    boolean ofBase = named.equals(TuneJob.Replay.OF_BASE) && !Files.exists(named);
    return Optional.of(
        new TuneJob.Replay(
            ofBase ? named : named.toAbsolutePath(),
            percent,
            loss == null ? TuneJob.Replay.Loss.CE : loss));
  }
}
