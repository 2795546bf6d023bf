package dev.palimpsest.cli;

import dev.palimpsest.compare.Bakeoff;
import dev.palimpsest.compare.Comparison;
import dev.palimpsest.compare.ComparisonJson;
import dev.palimpsest.compare.ComparisonText;
import dev.palimpsest.compare.Plan;
import dev.palimpsest.compare.PlanDraft;
import dev.palimpsest.compare.PlanReader;
import dev.palimpsest.report.ComparisonReport;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Arms side by side, on the same items. */
@Command(
    name = "compare",
    description = "Put prompts, adapters and training runs to the same items, by a plan.")
final class CompareCommand implements Runnable {
  @Parameters(arity = "0..1", paramLabel = "PLAN", description = "YAML, see docs/formats/plan.md")
  private @Nullable Path plan;

  @Option(names = "--init", paramLabel = "DATA", description = "write a first plan for this data")
  private @Nullable Path data;

  @Option(names = "--model", description = "of that plan; default: ${DEFAULT-VALUE}")
  private String model = "smollm2";

  @Option(names = "--out", description = "folder of runs and report, or of the first plan")
  private @Nullable Path out;

  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private RemoteOptions remotes = new RemoteOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    if (out != null && plan != null && data == null) {
      compare(PlanReader.read(plan), out);
    } else if (out != null && plan == null && data != null) {
      List<Path> files = PlanDraft.write(data, model, out);
      output.print(Map.of("plan", files.getFirst().toString()), () -> "plan: " + files.getFirst());
    } else {
      throw new BadInput("compare: give PLAN --out FOLDER, or --init DATA --out FOLDER");
    }
  }

  private void compare(Plan asked, Path folder) {
    Cancellation cancellation = SafePoint.listen();
    models.threads();
    try (Progress progress = output.progress()) {
      Comparison comparison =
          new Bakeoff(
                  asked,
                  new Bakeoff.Settings(folder, Places.baselines(), Places.cache()),
                  new ArmModels(models, progress, remotes::at),
                  new Tuner.Watch(progress, cancellation, System::nanoTime))
              .run();
      ComparisonReport.write(folder.resolve("report.html"), comparison);
      output.print(ComparisonJson.of(comparison), () -> ComparisonText.of(comparison));
    }
  }
}
