package dev.palimpsest.cli;

import dev.palimpsest.data.DataCheck;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.ReadOptions;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.Progress;
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

  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private DataOptions options = new DataOptions();
  @Mixin private Output output = new Output();

  @Override
  public Integer call() {
    try (Progress progress = output.progress();
        LanguageModel loaded = models.load(model, progress)) {
      DataSpec spec = options.of(data);
      DataCheck.Report report =
          new DataCheck(
                  loaded.encoder(spec.encoding(loaded.decoder().config().context())),
                  loaded.checkpoint().endTokens(),
                  spec.reading(ReadOptions.Purpose.ANSWERS))
              .check(spec.file(), Optional.ofNullable(heldOut));
      output.print(report, () -> CheckText.of(report));
      return report.ok() ? 0 : Failures.WORK;
    }
  }
}
