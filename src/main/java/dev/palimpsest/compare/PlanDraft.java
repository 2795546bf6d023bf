package dev.palimpsest.compare;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Order;
import dev.palimpsest.data.Sample;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A first plan for somebody's data: what to try against what, on items held out of it. */
public final class PlanDraft {
  private static final double HELD_OUT = 0.2;
  private static final int MOST_HELD_OUT = 300;

  private PlanDraft() {}

  /**
   * Cuts the data in two and writes the plan beside both halves.
   *
   * @param data rows of a prompt and a completion
   * @param folder for {@code plan.yaml}, {@code train.jsonl} and {@code heldout.jsonl}; none of
   *     them may be there
   * @return the files
   */
  public static List<Path> write(Path data, String model, Path folder) {
    List<Path> files =
        Stream.of("plan.yaml", "train.jsonl", "heldout.jsonl").map(folder::resolve).toList();
    for (Path file : files) {
      if (Files.exists(file)) {
        throw new BadInput(file + " is there already: remove it, or give another --out");
      }
    }
    try (Dataset rows = DataSpec.of(data).rows()) {
      if (rows.size() < 10) {
        throw new BadInput(data + ": " + rows.size() + " rows are too few to hold some out");
      }
      int[] order = new Order(0, rows.size()).batch(0, rows.size());
      int held = (int) Math.min(MOST_HELD_OUT, Math.round(HELD_OUT * rows.size()));
      AtomicFile.write(files.get(2), lines(rows, Arrays.copyOf(order, held)));
      AtomicFile.write(files.get(1), lines(rows, Arrays.copyOfRange(order, held, order.length)));
    }
    AtomicFile.write(files.get(0), plan(model, files.get(1), files.get(2)));
    return files;
  }

  private static String lines(Dataset rows, int[] indices) {
    StringBuilder lines = new StringBuilder();
    for (int index : indices) {
      if (!(rows.sample(index) instanceof Sample.Pair)) {
        throw new BadInput(rows.where(index) + ": a draft takes rows of prompt and completion");
      }
      lines.append(Json.write(rows.row(index))).append('\n');
    }
    return lines.toString();
  }

  private static String plan(String model, Path train, Path heldOut) {
    return """
        model: %s
        gain: %s            # what the change is for
        retention: built-in # what it should leave alone
        reference: base
        seeds: [1, 2, 3]
        max-tokens: 64
        price-per-hour: 0.10
        arms:
          base: {}
          few-shot: {examples: %s, shots: 4}
          prompt: {system: "Answer with the result alone."}
          lora: {tune: {data: %s, epochs: 2, lr: 1e-3}}
          lora-replay: {tune: {data: %s, epochs: 2, lr: 1e-3, replay: "base:20%%"}}
        """
        .formatted(quoted(model), quoted(heldOut), quoted(train), quoted(train), quoted(train));
  }

  /** Every JSON text is a YAML text. */
  private static String quoted(Object text) {
    return Json.write(text.toString());
  }
}
