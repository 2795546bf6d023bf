package dev.palimpsest.measure;

import dev.palimpsest.data.Draw;
import dev.palimpsest.data.Example;
import dev.palimpsest.data.Finding;
import dev.palimpsest.data.Source;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tune.Diverged;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneSettings;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * A few short examples learned by heart: what training that works can always do. It fails where
 * rows contradict each other, where the labels hang on nothing before them, or where the model does
 * not train.
 *
 * @param rows line and id of each example
 * @param before nats a token of the base over their labels
 * @param after the same when trained; empty if the loss left the finite numbers
 * @param limit what {@code after} must stay below
 */
public record OneBatch(
    List<String> rows,
    int steps,
    double rate,
    int rank,
    double before,
    OptionalDouble after,
    double limit) {
  private static final int EXAMPLES = 4;

  /** What is kept before an example's first label, and from it on. */
  private static final int MOST_BEFORE = 192;

  private static final int MOST_LEARNED = 64;

  private static final int STEPS = 20;
  private static final double RATE = 2e-3;
  private static final int RANK = 8;

  /** Learned by heart: a tenth of what it was, or this many nats a token. */
  private static final double SHARE = 0.1;

  private static final double LEARNED = 0.1;

  /**
   * Trains on the shortest of the rows; the adapter is thrown away.
   *
   * @param scratch where a folder may be made; it is gone in the end
   * @return empty if the user stopped it
   */
  static Optional<OneBatch> learn(
      LanguageModel model, List<Draw.Row> rows, long seed, Path scratch, Tuner.Watch watch) {
    List<Draw.Row> shortest =
        rows.stream()
            .sorted(Comparator.comparingInt(row -> row.example().length()))
            .limit(EXAMPLES)
            .toList();
    List<Example> examples = shortest.stream().map(row -> piece(row.example())).toList();
    Tuner tuner =
        new Tuner(
            settings(examples.size(), seed),
            new LowRank("lora", RANK, 2 * RANK, LowRank.TARGETS).over(model, ""),
            new Tuner.Watch(named(watch.progress()), watch.cancellation(), watch.nanoTime()));
    try {
      Path folder = Files.createTempDirectory(scratch, "palimpsest-check");
      try (RunFolder run = RunFolder.create(folder.resolve("run"), Map.of("purpose", "check"))) {
        return result(tuner, examples, run).map(after -> of(shortest, before(run), after));
      } finally {
        AtomicFolder.delete(folder);
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(scratch + ": no place for a training run", e);
    }
  }

  /** The loss when trained, empty if not finite; nothing if the user stopped it. */
  private static Optional<OptionalDouble> result(
      Tuner tuner, List<Example> examples, RunFolder run) {
    try {
      Tuner.Result result = tuner.train(Source.of(examples), examples, run);
      return result.finished() ? Optional.of(result.evalLoss()) : Optional.empty();
    } catch (Diverged e) {
      return Optional.of(OptionalDouble.empty());
    }
  }

  /** The first step's loss: fresh factors change nothing. */
  private static double before(RunFolder run) {
    return RunFolder.metrics(run.path()).stream()
        .findFirst()
        .map(line -> line.get("loss").asDouble())
        .orElse(Double.NaN);
  }

  private static OneBatch of(List<Draw.Row> rows, double before, OptionalDouble after) {
    return new OneBatch(
        rows.stream().map(Draw.Row::where).toList(),
        STEPS,
        RATE,
        RANK,
        before,
        after,
        Math.max(LEARNED, SHARE * before));
  }

  private static TuneSettings settings(int batch, long seed) {
    return new TuneSettings(
        batch,
        1,
        RATE,
        Schedule.LINEAR,
        0,
        1,
        "adamw",
        0,
        new TuneSettings.Length(OptionalInt.of(STEPS), 1),
        new TuneSettings.Saving(0, 0, 0),
        seed);
  }

  private static Progress named(Progress progress) {
    return point ->
        progress.report(
            new Progress.Point(
                "learning one batch", point.done(), point.total(), point.unit(), point.note()));
  }

  private static Example piece(Example whole) {
    int first = whole.firstLabel();
    int from = Math.max(0, first - MOST_BEFORE);
    int to = Math.min(whole.length(), first + MOST_LEARNED);
    return new Example(
        whole.id(),
        Arrays.copyOfRange(whole.ids(), from, to),
        Arrays.copyOfRange(whole.label(), from, to));
  }

  Finding finding() {
    String found =
        String.format(
            Locale.ROOT,
            "%d short rows, LoRA of rank %d, %d steps at %s: %.3f nats a token became %s (to be"
                + " below %.3f)",
            rows.size(),
            rank,
            steps,
            rate,
            before,
            after.isPresent() ? String.format(Locale.ROOT, "%.3f", after.getAsDouble()) : "NaN",
            limit);
    double reached = after.orElse(Double.NaN);
    if (reached < limit) {
      return new Finding(Finding.Severity.INFO, "one-batch", "", found);
    }
    return new Finding(
        reached < before ? Finding.Severity.WARNING : Finding.Severity.ERROR,
        "one-batch",
        String.join("; ", rows),
        found + ": these rows contradict each other, or the model does not train on them");
  }
}
