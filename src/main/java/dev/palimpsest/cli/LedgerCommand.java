package dev.palimpsest.cli;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.measure.LedgerText;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What was gained, and what was overwritten. */
@Command(name = "ledger", description = "Paired gain and loss, item by item.")
final class LedgerCommand implements Callable<Integer> {
  @Option(names = "--before", required = true, description = "MODEL or MODEL+ADAPTER")
  private String before = "";

  @Option(names = "--after", required = true, description = "MODEL or MODEL+ADAPTER")
  private String after = "";

  @Mixin private ProbeOptions probes = new ProbeOptions();

  @Option(names = "--items", description = "writes one line per probe and item")
  private @Nullable Path items;

  @Option(names = "--fail-if-lost", description = "exit 1 if a retention probe lost more, as 1%%")
  private @Nullable String failIfLost;

  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private Output output = new Output();

  @Override
  public Integer call() {
    double margin = failIfLost == null ? 0 : ProbeOptions.percent(failIfLost);
    ModelOptions.Side first = ModelOptions.Side.parse(before);
    ModelOptions.Side second = ModelOptions.Side.parse(after);
    LedgerJob job = probes.job(ModelOptions.cache());
    try (Progress progress = output.progress();
        LanguageModel base = models.load(first.model(), progress)) {
      Ledger ledger;
      if (second.model().equals(first.model())) {
        ledger = measure(job, first, base, second, base, progress);
      } else {
        try (LanguageModel other = models.load(second.model(), progress)) {
          ledger = measure(job, first, base, second, other, progress);
        }
      }
      if (items != null) {
        LedgerJson.writeItems(ledger, items);
      }
      output.print(LedgerJson.of(ledger), () -> LedgerText.of(ledger));
      return failIfLost != null && ledger.lostMoreThan(margin) ? Failures.WORK : 0;
    }
  }

  private Ledger measure(
      LedgerJob job,
      ModelOptions.Side first,
      LanguageModel before,
      ModelOptions.Side second,
      LanguageModel after,
      Progress progress) {
    Path store = ModelOptions.cache().resolve("ledger.sqlite");
    return job.measure(models.over(before, first), models.over(after, second), store, progress);
  }
}
