package dev.palimpsest.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The demonstration's two tasks, made from the airports table into one folder. */
public final class DemoTasks {
  /** The table's file in the folder, which the form items name. */
  private static final String TABLE = "airports.csv";

  private DemoTasks() {}

  /**
   * Writes {@code airports.csv} and, for each of {@code form} and {@code facts}, {@code
   * TASK-train.jsonl}, {@code TASK-dev.jsonl} and {@code TASK-heldout.jsonl}, each whole or not at
   * all. The same table, sizes and seed give the same bytes.
   *
   * @param csv PyPI's {@code airportsdata/airports.csv}
   * @return the seven files, in that order
   * @throws dev.palimpsest.run.BadInput if the file is no airports table or too small for the sizes
   * @throws dev.palimpsest.run.EnvironmentFailure naming the file that cannot be written
   */
  public static List<Path> write(
      Path csv, Path folder, FormTask.Sizes form, FactsTask.Sizes facts, long seed) {
    try (AirportTable table = AirportTable.open(csv)) {
      TaskItems formItems = FormTask.make(table, TABLE, form, seed);
      TaskItems factsItems = FactsTask.make(table, facts, seed);
      List<Path> files = new ArrayList<>();
      table.write(folder.resolve(TABLE));
      files.add(folder.resolve(TABLE));
      files.addAll(formItems.write(folder));
      files.addAll(factsItems.write(folder));
      return files;
    }
  }
}
