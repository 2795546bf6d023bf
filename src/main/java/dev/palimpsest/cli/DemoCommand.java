package dev.palimpsest.cli;

import dev.palimpsest.compare.Demo;
import dev.palimpsest.compare.DemoResult;
import dev.palimpsest.compare.DemoStages;
import dev.palimpsest.compare.DemoStages.Stage;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.report.DemoReport;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Interrupt;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The whole story, on real data. */
@Command(
    name = "demo",
    description = "Two tasks over 28,000 airports: gain, loss, and a report.",
    subcommands = DemoTasksCommand.class)
final class DemoCommand implements Runnable {
  @Option(names = "--out", description = "default: runs/demo-SEED, with a number if it is there")
  private @Nullable Path out;

  @Option(names = "--seed", defaultValue = "2", description = "default: ${DEFAULT-VALUE}")
  private long seed;

  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    Cancellation cancellation = new Cancellation();
    Interrupt.listen(cancellation, () -> System.err.println("\nstopping after this step"));
    Path folder = out == null ? Places.fresh(Path.of("runs", "demo-" + seed)) : out;
    DemoStages stages = new DemoStages(System::nanoTime);
    try (Progress progress = output.progress();
        LanguageModel loaded = stages.time(Stage.LOAD, () -> models.load("smollm2", progress))) {
      Path airports = stages.time(Stage.LOAD, () -> Places.airports(progress));
      Demo.Settings settings =
          new Demo.Settings(
              "smollm2", airports, folder, Places.baselines(), seed, models.threads());
      DemoResult result =
          new Demo(loaded, settings, progress, System.err::println, stages)
              .run(new Tuner.Watch(progress, cancellation, System::nanoTime));
      Path report = folder.resolve("report.html");
      DemoReport.write(report, result);
      output.print(Map.of("report", report.toString()), () -> "report: " + report);
    }
  }
}
