package dev.palimpsest.cli;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.RunStates;
import dev.palimpsest.measure.SampleScores;
import dev.palimpsest.measure.SampleTrajectories;
import dev.palimpsest.measure.SamplesJson;
import dev.palimpsest.measure.SamplesText;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What became of each training sample. */
@Command(
    name = "samples",
    description = "Each training sample of a run under its base, checkpoints and end.")
final class LedgerSamplesCommand implements Runnable {
  @Parameters(paramLabel = "RUN", description = "a run's folder")
  private Path run = Path.of("");

  @Option(names = "--items", description = "writes one line per sample")
  private @Nullable Path items;

  @Mixin private Output output = new Output();

  @Override
  public void run() {
    TuneJob job = TuneJob.of(run);
    Main.threads(job.threads());
    try (Progress progress = output.progress();
        LanguageModel base = ModelOptions.load(job.model(), job.precision(), progress)) {
      RunStates states = RunStates.of(run, base);
      SampleTrajectories found = SampleScores.measure(states, Places.baselines(), progress);
      if (items != null) {
        SamplesJson.writeLines(found, items);
      }
      String kept = SamplesJson.keep(found, run);
      output.print(SamplesJson.of(found), () -> SamplesText.of(found) + "\n\n" + kept);
    }
  }
}
