import dev.palimpsest.compare.DemoTasks;
import dev.palimpsest.compare.FactsTask;
import dev.palimpsest.compare.FormTask;
import java.nio.file.Path;

/** Tasks.java AIRPORTS.csv FOLDER: the demonstration's tasks, as many items as the benches take. */
final class Tasks {
  private Tasks() {}

  static void main(String[] args) {
    DemoTasks.write(
        Path.of(args[0]), Path.of(args[1]), FormTask.Sizes.DEFAULT, FactsTask.Sizes.DEFAULT, 2);
  }
}
