package dev.palimpsest.cli;

import dev.palimpsest.merge.MergeJob;
import dev.palimpsest.merge.Merged;
import dev.palimpsest.merge.Weighted;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Adapters and tuned models into one. */
@Command(name = "merge", description = "Merge adapters or tuned models into their base, exactly.")
final class MergeCommand implements Runnable {
  @Option(names = "--model", required = true, description = "the base: MODEL, as pull takes it")
  private String model = "";

  @Option(names = "--adapter", description = "a PEFT folder, A or A:WEIGHT; may repeat")
  private List<String> adapters = new ArrayList<>();

  @Option(names = "--tuned", description = "a tuned MODEL, M or M:WEIGHT; may repeat")
  private List<String> tuned = new ArrayList<>();

  @Option(names = "--out", required = true, description = "a new folder")
  private Path out = Path.of("");

  @Option(
      names = "--any-base",
      fallbackValue = "true",
      description = "take an adapter of another base, too")
  private boolean anyBase;

  @Mixin private ThreadOptions threads = new ThreadOptions();
  @Mixin private MergeOptions options = new MergeOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    threads.settle();
    MergeJob job =
        new MergeJob(
            model,
            adapters.stream().map(Weighted::parse).toList(),
            tuned.stream().map(Weighted::parse).toList(),
            anyBase,
            options.method());
    try (Progress progress = output.progress()) {
      Merged merged = job.run(out, options.form(), Places.store(progress)::locate, progress);
      output.print(merged, merged::text);
    }
  }
}
