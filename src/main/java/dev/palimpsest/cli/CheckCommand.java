package dev.palimpsest.cli;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.Preflight;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Interrupt;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks at data before training. */
@Command(name = "check", description = "Is the data fit to train on?")
final class CheckCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DATA", description = "JSONL, Parquet or CSV")
  private Path data = Path.of("");

  @Option(names = "--model", required = true, description = "the model that is to be trained")
  private String model = "";

  @Option(names = "--held-out", description = "held-out data, looked through for leaks")
  private @Nullable Path heldOut;

  @Option(names = "--quick", description = "the data alone: no initial loss, no batch learned")
  private boolean quick;

  @Option(names = "--seed", defaultValue = "0", description = "of the rows that the model is shown")
  private long seed;

  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private DataOptions options = new DataOptions();
  @Mixin private Output output = new Output();

  @Override
  public Integer call() {
    Cancellation cancellation = new Cancellation();
    Interrupt.listen(
        cancellation, () -> System.err.println("\nstopping after this part; again to end at once"));
    try (Progress progress = output.progress();
        LanguageModel loaded = models.load(model, progress)) {
      Optional<Path> held = Optional.ofNullable(heldOut);
      Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
      Preflight.Report report =
          new Preflight(options.of(data), held, quick ? 0 : Preflight.ROWS, seed)
              .run(loaded, scratch, new Tuner.Watch(progress, cancellation, System::nanoTime));
      output.print(report, () -> CheckText.of(report));
      return report.ok() ? 0 : Failures.WORK;
    }
  }
}
