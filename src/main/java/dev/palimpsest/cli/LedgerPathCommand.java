package dev.palimpsest.cli;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.Overlap;
import dev.palimpsest.measure.PathJob;
import dev.palimpsest.measure.PathJson;
import dev.palimpsest.measure.PathText;
import dev.palimpsest.measure.RunPath;
import dev.palimpsest.measure.RunStates;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What was gained and lost on the way. */
@Command(
    name = "path",
    description = "A ledger of each checkpoint of a run, and of its adapter at several scales.")
final class LedgerPathCommand implements Runnable {
  private static final List<Double> SCALES = List.of(0.25, 0.5, 0.75);

  @Parameters(paramLabel = "RUN", description = "a run's folder")
  private Path run = Path.of("");

  @Option(
      names = "--scales",
      split = ",",
      description = "of the end's adapter, by comma; default: 0.25,0.5,0.75 where it has a scale")
  private @Nullable List<Double> scales;

  @Option(
      names = "--few",
      description = "at most so many items of each probe, spread over it; default: all")
  private int few = Integer.MAX_VALUE;

  @Mixin private ProbeOptions probes = new ProbeOptions();
  @Mixin private TextOptions texts = new TextOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    TuneJob job = TuneJob.of(run);
    LedgerJob asked = probes.job(Places.cache(), texts.count()).few(few);
    Main.threads(job.threads());
    try (Progress progress = output.progress();
        LanguageModel base = ModelOptions.load(job.model(), job.precision(), progress)) {
      RunStates states = RunStates.of(run, base);
      List<Double> unsaid = states.scalable() ? SCALES : List.of();
      PathJob walk = new PathJob(asked, scales == null ? unsaid : scales);
      RunPath path = walk.measure(states, Places.baselines(), progress);
      Overlap trained = Overlap.of(run, asked.probes());
      String kept = PathJson.keep(path, trained, run);
      output.print(PathJson.of(path, trained), () -> PathText.of(path, trained) + "\n\n" + kept);
    }
  }
}
