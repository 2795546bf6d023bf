package dev.palimpsest.cli;

import dev.palimpsest.compare.Limit;
import dev.palimpsest.compare.SearchPlan;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a run must not lose. */
final class KeepOptions {
  @Option(
      names = "--keep",
      paramLabel = "PROBE<PERCENT",
      description =
          "find the setting with the most gain that loses less of this probe, as general.jsonl<1%%"
              + " or built-in<2%%; may repeat")
  private List<String> keep = new ArrayList<>();

  @Option(
      names = "--keep-by",
      description =
          "what of a loss must be less: point, as seen, or interval, its upper limit at 95 %%;"
              + " default: point")
  private Limit.@Nullable By by;

  @Option(
      names = "--gain",
      description = "with --keep: the probe that is to rise; default: the held-out loss")
  private @Nullable Path gain;

  @Option(
      names = "--tries",
      description =
          "with --keep: further runs at most, while no scale or checkpoint fits; default: "
              + SearchPlan.TRIES)
  private @Nullable Integer tries;

  /**
   * Whether a search is asked for.
   *
   * @throws BadInput if something is said of a search, and none is asked for
   */
  boolean asked() {
    if (keep.isEmpty() && (by != null || gain != null || tries != null)) {
      throw new BadInput("--keep-by, --gain and --tries go with --keep");
    }
    return !keep.isEmpty();
  }

  /**
   * The search that begins with a run.
   *
   * @param maxTokens of an answer
   */
  SearchPlan around(TuneJob job, int maxTokens) {
    return new SearchPlan(
        job,
        keep.stream().map(KeepOptions::limit).toList(),
        by == null ? Limit.By.POINT : by,
        Optional.ofNullable(gain).map(Path::toAbsolutePath),
        tries == null ? SearchPlan.TRIES : tries,
        maxTokens);
  }

  /** A file is told from wherever the search goes on. */
  private static Limit limit(String text) {
    Limit limit = Limit.parse(text);
    return limit.probe().equals(Limit.BUILT_IN)
        ? limit
        : new Limit(Path.of(limit.probe()).toAbsolutePath().toString(), limit.margin());
  }
}
