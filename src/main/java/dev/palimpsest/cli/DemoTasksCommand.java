package dev.palimpsest.cli;

import dev.palimpsest.compare.DemoTasks;
import dev.palimpsest.compare.FactsTask;
import dev.palimpsest.compare.FormTask;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The demonstration's data, for plans of one's own. */
@Command(name = "tasks", description = "Only write the files of the two tasks.")
final class DemoTasksCommand implements Runnable {
  @Option(names = "--out", required = true, description = "folder of the seven files")
  private Path out = Path.of("");

  @Option(names = "--seed", defaultValue = "2", description = "default: ${DEFAULT-VALUE}")
  private long seed;

  @Mixin private Output output = new Output();

  @Override
  public void run() {
    try (Progress progress = output.progress()) {
      List<Path> files =
          DemoTasks.write(
              Places.airports(progress),
              out,
              FormTask.Sizes.DEFAULT,
              FactsTask.Sizes.DEFAULT,
              seed);
      List<String> names = files.stream().map(Path::toString).toList();
      output.print(Map.of("files", names), () -> String.join("\n", names));
    }
  }
}
