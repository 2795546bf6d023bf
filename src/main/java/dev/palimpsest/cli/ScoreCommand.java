package dev.palimpsest.cli;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.ScoreReport;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Log-likelihoods of completions or texts. */
@Command(name = "score", description = "Log-likelihood of every completion, or text.")
final class ScoreCommand implements Runnable {
  @Option(names = "--model", required = true, description = "MODEL, as pull takes it")
  private String model = "";

  @Option(names = "--adapter", description = "a PEFT folder")
  private @Nullable Path adapter;

  @Option(names = "--data", required = true, description = "JSONL, Parquet or CSV")
  private Path data = Path.of("");

  @Option(names = "--window", description = "cut long texts into windows of so many tokens")
  private @Nullable Integer window;

  @Option(names = "--stride", description = "tokens that each window adds; default: the window")
  private @Nullable Integer stride;

  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private DataOptions options = new DataOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    try (Progress progress = output.progress();
        LanguageModel loaded = models.load(model, progress)) {
      ScoreReport.Cut cut = new ScoreReport.Cut(optional(window), optional(stride));
      ScoreReport report =
          ScoreReport.of(loaded, models.over(loaded, adapter), options.of(data), cut, progress);
      output.print(
          report,
          () ->
              "%d items, %.4f nats a token, %.4f bits a byte, %.0f tokens/s"
                  .formatted(
                      report.items().size(),
                      report.nllPerToken(),
                      report.bitsPerByte(),
                      report.tokensPerSecond()));
    }
  }

  private static OptionalInt optional(@Nullable Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }
}
