package dev.palimpsest.cli;

import dev.palimpsest.compare.Bakeoff;
import dev.palimpsest.compare.Sequence;
import dev.palimpsest.compare.SequenceJson;
import dev.palimpsest.compare.SequencePlan;
import dev.palimpsest.compare.SequenceReader;
import dev.palimpsest.compare.SequenceResult;
import dev.palimpsest.compare.SequenceText;
import dev.palimpsest.report.SequenceReport;
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
import tools.jackson.databind.node.ObjectNode;

/** Tasks learned one after the other. */
@Command(
    name = "sequence",
    description = "Learn tasks one after the other; how each does after each stage.")
final class SequenceCommand implements Runnable {
  @Parameters(paramLabel = "PLAN", description = "YAML or JSON: model, mode, tasks")
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private Path file;

  @Option(names = "--out", required = true, description = "folder of runs and result")
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private Path out;

  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    SequencePlan plan = SequenceReader.read(file);
    Cancellation cancellation = SafePoint.listen();
    models.threads();
    try (Progress progress = output.progress()) {
      SequenceResult result =
          new Sequence(
                  plan,
                  new Bakeoff.Settings(out, Places.baselines(), Places.cache()),
                  new ArmModels(models, progress),
                  new Tuner.Watch(progress, cancellation, System::nanoTime))
              .run();
      ObjectNode document = SequenceJson.of(result);
      AtomicFile.write(out.resolve("sequence.json"), Json.writePretty(document) + "\n");
      SequenceReport.write(out.resolve("report.html"), out);
      output.print(document, () -> SequenceText.of(result));
    }
  }
}
