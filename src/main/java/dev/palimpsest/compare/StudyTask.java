package dev.palimpsest.compare;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.measure.BuiltInProbes;
import dev.palimpsest.run.BadInput;
import java.nio.file.Path;
import java.util.List;

/**
 * What a study trains on, and what is to rise by it.
 *
 * @param rows of {@code train}
 * @param epochs over them
 * @param maxTokens of an answer
 */
public record StudyTask(String name, Path train, Path gain, int rows, int epochs, int maxTokens) {
  /** Training rows of the program's own tasks, if nothing is said. */
  public static final int ROWS = 72;

  /** Items of each built-in retention probe that a study asks; all of them take minutes. */
  private static final int RETENTION_ITEMS = 20;

  private static final int FORM_ITEMS_A_SLICE = 12;
  private static final long SEED = 1;

  /**
   * The program's own tasks: queries in a form, and facts in {@link FactsTask#TRAINED} wordings
   * each, twice.
   *
   * @param airports the table, as PyPI's airportsdata has it
   * @param folder for their files
   * @param rows to train on, about
   */
  public static List<StudyTask> own(Path airports, Path folder, int rows) {
    int wordings = FactsTask.TRAINED.size();
    int facts = Math.ceilDiv(rows, wordings);
    DemoTasks.write(
        airports,
        folder,
        new FormTask.Sizes(rows, 1, FORM_ITEMS_A_SLICE),
        new FactsTask.Sizes(facts, 1, 1),
        SEED);
    return List.of(own("form", folder, rows, 1, 48), own("facts", folder, facts * wordings, 2, 16));
  }

  private static StudyTask own(String name, Path folder, int rows, int epochs, int maxTokens) {
    return new StudyTask(
        name,
        folder.resolve(name + "-train.jsonl").toAbsolutePath(),
        folder.resolve(name + "-heldout.jsonl").toAbsolutePath(),
        rows,
        epochs,
        maxTokens);
  }

  /** A user's task. */
  public static StudyTask of(Path train, Path gain, int epochs, int maxTokens) {
    try (Dataset data = DataSpec.of(train).rows()) {
      String name = String.valueOf(train.getFileName()).replaceFirst("\\.[^.]*$", "");
      if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
        throw new BadInput(
            train + ": a study's folders are named after it: letters, digits, '-_.'");
      }
      return new StudyTask(
          name, train.toAbsolutePath(), gain.toAbsolutePath(), data.size(), epochs, maxTokens);
    }
  }

  /** Some items of each built-in retention probe, as one probe's file in the folder. */
  public static Path retention(Path folder) {
    return BuiltInProbes.some(folder.resolve("retention.jsonl"), RETENTION_ITEMS);
  }
}
