package dev.palimpsest.cli;

import dev.palimpsest.compare.Bakeoff;
import dev.palimpsest.compare.Study;
import dev.palimpsest.compare.StudyJson;
import dev.palimpsest.compare.StudyResult;
import dev.palimpsest.compare.StudyRun;
import dev.palimpsest.compare.StudyText;
import dev.palimpsest.report.StudyReport;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** One setting of training, dose by dose. */
@Command(
    name = "study",
    description = {
      "What one setting of training gains and loses, dose by dose:",
      "replay (its share), rank, rate (learning rate), full (LoRA and full at matched gain)."
    })
final class StudyCommand implements Runnable {
  @Parameters(paramLabel = "NAME", description = "replay, rank, rate or full")
  private Study study = Study.REPLAY;

  @Option(names = "--out", required = true, description = "folder of tasks, runs and results")
  private Path out = Path.of("");

  @Mixin private StudyOptions options = new StudyOptions();
  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    Cancellation cancellation = SafePoint.listen();
    models.threads();
    try (Progress progress = output.progress()) {
      StudyRun.Asked asked = options.asked(study, out, progress);
      StudyResult result =
          new StudyRun(
                  asked,
                  new Bakeoff.Settings(out, Places.baselines(), Places.cache()),
                  new ArmModels(models, progress),
                  new Tuner.Watch(progress, cancellation, System::nanoTime))
              .run(this::write);
      output.print(StudyJson.of(result), () -> StudyText.of(result));
    }
  }

  /** What is known so far, after each run. */
  private void write(StudyResult result) {
    AtomicFile.write(out.resolve("study.json"), Json.writePretty(StudyJson.of(result)) + "\n");
    AtomicFile.write(out.resolve("study.txt"), StudyText.of(result) + "\n");
    StudyReport.write(out.resolve("report.html"), result);
  }
}
