package dev.palimpsest.cli;

import dev.palimpsest.measure.Extraction;
import dev.palimpsest.measure.GivenTexts;
import dev.palimpsest.merge.ExtractJob;
import dev.palimpsest.merge.RankRule;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A tuned model as an adapter. */
@Command(
    name = "extract",
    description = "Write what a tuned model is more than its base as an adapter.")
final class ExtractCommand implements Runnable {
  @Option(names = "--base", required = true, description = "MODEL, as pull takes it")
  private String base = "";

  @Option(names = "--tuned", required = true, description = "a tuned MODEL")
  private String tuned = "";

  @Option(names = "--out", required = true, description = "a new folder")
  private Path out = Path.of("");

  @ArgGroup(multiplicity = "1")
  private Size size = new Size();

  @Option(
      names = "--weigh-by",
      paramLabel = "FILE|base:N",
      description = "texts: what modules read along them weighs errors; base:N: the base's own")
  private @Nullable String weighBy;

  @Option(
      names = "--check",
      paramLabel = "FILE|base:N",
      description = "held-out texts: KL of the tuned model to base and adapter along them")
  private @Nullable String check;

  @Option(
      names = "--ends",
      description = "embedding and head, too, as they are: the rows that differ, or all if most do")
  private boolean ends;

  @Mixin private ThreadOptions threads = new ThreadOptions();
  @Mixin private Output output = new Output();

  /** One of the three. */
  private static final class Size {
    @Option(names = "--rank", required = true, description = "of every module")
    private @Nullable Integer rank;

    @Option(names = "--energy", required = true, description = "share that each module keeps")
    private @Nullable Double energy;

    @Option(names = "--budget", required = true, description = "parameters of the whole adapter")
    private @Nullable Long budget;

    RankRule rule() {
      if (rank != null) {
        return new RankRule.Fixed(rank);
      }
      return energy != null
          ? new RankRule.Energy(energy)
          : new RankRule.Budget(Objects.requireNonNull(budget));
    }
  }

  @Override
  public void run() {
    threads.settle();
    Extraction extraction =
        new Extraction(
            new ExtractJob(
                base,
                tuned,
                size.rule(),
                ends ? ExtractJob.Extent.BLOCKS_AND_ENDS : ExtractJob.Extent.BLOCKS),
            Optional.ofNullable(weighBy).map(each -> GivenTexts.parse("--weigh-by", each)),
            Optional.ofNullable(check).map(each -> GivenTexts.parse("--check", each)));
    try (Progress progress = output.progress()) {
      Extraction.Report report = extraction.run(out, Places.store(progress)::locate, progress);
      output.print(report.json(), report::text);
    }
  }
}
