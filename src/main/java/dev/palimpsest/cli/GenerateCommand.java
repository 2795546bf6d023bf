package dev.palimpsest.cli;

import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.GenerateReport;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Prompts;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Answers prompts. */
@Command(name = "generate", description = "Answer a prompt, or every prompt of a file.")
final class GenerateCommand implements Runnable {
  @Option(names = "--model", required = true, description = "MODEL, as pull takes it")
  private String model = "";

  @Option(names = "--adapter", description = "a PEFT folder")
  private @Nullable Path adapter;

  @ArgGroup(multiplicity = "1")
  private Asked asked = new Asked();

  @Mixin private DecodingOptions decoding = new DecodingOptions();
  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private DataOptions options = new DataOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    Decoding settings = decoding.decoding();
    Prompts prompts = asked.prompts(options);
    try (Progress progress = output.progress();
        LanguageModel loaded = models.load(model, progress)) {
      Answerer answerer = loaded.answerer(models.over(loaded, adapter), progress);
      GenerateReport report =
          GenerateReport.of(answerer, prompts.ids(), prompts.prompts(), settings);
      output.print(
          report,
          () ->
              report.items().stream()
                  .map(GenerateReport.Item::text)
                  .collect(Collectors.joining("\n")));
    }
  }
}
