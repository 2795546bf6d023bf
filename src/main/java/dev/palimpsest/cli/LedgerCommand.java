package dev.palimpsest.cli;

import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.measure.LedgerText;
import dev.palimpsest.measure.RunLedger;
import dev.palimpsest.measure.Side;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What was gained, and what was overwritten. */
@Command(name = "ledger", description = "Paired gain and loss, item by item.")
final class LedgerCommand implements Callable<Integer> {
  @Option(names = "--before", required = true, description = "MODEL, MODEL+ADAPTER or URL#MODEL")
  private String before = "";

  @Option(names = "--after", required = true, description = "MODEL, MODEL+ADAPTER or URL#MODEL")
  private String after = "";

  @Option(names = "--items", description = "writes one line per probe and item")
  private @Nullable Path items;

  @Option(names = "--fail-if-lost", description = "exit 1 if a retention probe lost more, as 1%%")
  private @Nullable String failIfLost;

  @Option(names = "--judge", description = "MODEL or URL#MODEL that grades by a rubric")
  private @Nullable String judge;

  @Mixin private ProbeOptions probes = new ProbeOptions();
  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private Output output = new Output();

  @Override
  public Integer call() {
    double margin = failIfLost == null ? 0 : ProbeOptions.percent(failIfLost);
    Side first = Side.parse(before);
    Side second = Side.parse(after);
    Optional<RunLedger> kept = RunLedger.of(first, second);
    LedgerJob job = probes.job(Places.cache());
    try (Progress progress = output.progress()) {
      LedgerJob.Models from = models.models(progress, judge);
      Ledger ledger = job.measure(first, second, from, Places.baselines(), progress);
      if (items != null) {
        LedgerJson.writeItems(ledger, items);
      }
      kept.ifPresent(place -> place.write(ledger));
      output.print(LedgerJson.of(ledger), () -> LedgerText.of(ledger, kept));
      return failIfLost != null && ledger.lostMoreThan(margin) ? Failures.WORK : 0;
    }
  }
}
