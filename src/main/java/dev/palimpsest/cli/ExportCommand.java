package dev.palimpsest.cli;

import dev.palimpsest.merge.ExportJob;
import dev.palimpsest.merge.Exported;
import dev.palimpsest.merge.Weighted;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A model or adapter for other programs. */
@Command(
    name = "export",
    description =
        "Write a model or an adapter as transformers, PEFT, vLLM, llama.cpp and Ollama read it.")
final class ExportCommand implements Runnable {
  @Option(names = "--model", required = true, description = "the base: MODEL, as pull takes it")
  private String model = "";

  @Option(names = "--adapter", description = "a PEFT folder, A or A:WEIGHT; may repeat")
  private List<String> adapters = new ArrayList<>();

  @Option(
      names = "--out",
      required = true,
      description = "a new folder; for GGUF also a new file, NAME.gguf")
  private Path out = Path.of("");

  @Option(names = "--threads", defaultValue = "0", description = "default: all processors")
  private int threads;

  @Option(
      names = "--any-base",
      fallbackValue = "true",
      description = "take an adapter of another base, too")
  private boolean anyBase;

  @Mixin private ExportOptions options = new ExportOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    Main.threads(threads);
    ExportJob job = new ExportJob(model, adapters.stream().map(Weighted::parse).toList(), anyBase);
    ExportJob.Form form = options.form();
    try (Progress progress = output.progress()) {
      Exported exported = job.run(out, form, Places.store(progress)::locate, progress);
      output.print(exported, exported::text);
    }
  }
}
