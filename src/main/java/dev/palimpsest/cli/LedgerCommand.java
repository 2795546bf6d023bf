package dev.palimpsest.cli;

import dev.palimpsest.measure.HeldLedger;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.measure.LedgerText;
import dev.palimpsest.measure.Overlap;
import dev.palimpsest.measure.RunLedger;
import dev.palimpsest.measure.Sides;
import dev.palimpsest.measure.Threshold;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What was gained, and what was overwritten. */
@Command(
    name = "ledger",
    description = "Paired gain and loss, item by item.",
    subcommands = {
      LedgerDiffCommand.class,
      LedgerExportCommand.class,
      LedgerSamplesCommand.class,
      LedgerPathCommand.class,
      LedgerRecoverCommand.class
    })
final class LedgerCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Option(names = "--items", description = "writes one line per probe and item")
  private @Nullable Path items;

  @Option(names = "--judge", description = "MODEL or URL#MODEL that grades by a rubric")
  private @Nullable String judge;

  @Mixin private SideOptions sides = new SideOptions();
  @Mixin private ThresholdOptions thresholds = new ThresholdOptions();
  @Mixin private ProbeOptions probes = new ProbeOptions();
  @Mixin private TextOptions texts = new TextOptions();
  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private RemoteOptions remotes = new RemoteOptions();
  @Mixin private Output output = new Output();

  @Override
  public Integer call() {
    Sides held = sides.sides(spec.commandLine());
    List<Threshold> asked = thresholds.asked();
    Optional<RunLedger> kept = RunLedger.of(held.before(), held.after());
    LedgerJob job = probes.job(Places.cache(), texts.count());
    Threshold.requireRetention(asked, job.probes());
    try (Progress progress = output.progress()) {
      LedgerJob.Models from = models.models(progress, remotes::at, judge);
      Ledger ledger = job.measure(held, from, Places.baselines(), progress);
      if (items != null) {
        LedgerJson.writeItems(ledger, items);
      }
      HeldLedger judged =
          HeldLedger.of(ledger, asked, kept.map(place -> Overlap.of(place.run(), job.probes())));
      kept.ifPresent(place -> place.write(judged));
      output.print(LedgerJson.of(judged), () -> LedgerText.of(judged, kept));
      return judged.missed() ? Failures.WORK : 0;
    }
  }
}
