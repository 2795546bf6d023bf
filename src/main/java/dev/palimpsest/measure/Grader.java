package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import java.nio.file.Path;
import java.util.Optional;

/** Says whether an answer is right. */
public interface Grader extends AutoCloseable {
  /** Whether the answer is as good as the item's own completion. */
  boolean right(String completion, String answer);

  /** The same with all that the grader knows of the item, and says of the answer. */
  default Grade grade(ProbeItem.Ask item, String answer) {
    return Grade.of(right(item.completion(), answer));
  }

  /**
   * Why this machine cannot grade: its items are skipped then, never passed. Asked before {@link
   * #check}.
   */
  default Optional<String> unavailable() {
    return Optional.empty();
  }

  /**
   * Refuses a completion that cannot serve as the right answer, before a model is asked.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  default void check(String completion) {}

  /** The same with all that the grader knows of the item. */
  default void check(ProbeItem.Ask item) {
    check(item.completion());
  }

  /** How its judge did on answers that people have labelled, if it asks one. */
  default Optional<JudgeTally> tally() {
    return Optional.empty();
  }

  /**
   * What, beside the metric's settings, could change its verdicts: a hash of the files it reads.
   */
  default String fingerprint() {
    return "";
  }

  /** Releases what the grader holds. */
  @Override
  default void close() {}

  /**
   * The grader of a metric. A new one is a new file and a line here.
   *
   * @param folder that the metric's file names are relative to: the probe's
   * @param where file and line, for the error
   * @throws BadInput if the metric is unknown, or its settings are wrong
   */
  static Grader of(Metric metric, Path folder, String where) {
    return of(metric, folder, Optional.empty(), where);
  }

  /** The same, with a judge for the metrics that ask one. */
  static Grader of(Metric metric, Path folder, Optional<Judge> judge, String where) {
    return switch (metric.name()) {
      case "exact" -> ExactMatch.of(metric, where);
      case "contains" -> Contains.of(metric, where);
      case "regex" -> RegexMatch.of(metric, where);
      case "numeric" -> NumericMatch.of(metric, where);
      case "f1" -> TokenF1.of(metric, where);
      case "label" -> LabelMatch.of(metric, where);
      case "schema" -> SchemaMatch.of(metric, where);
      case "fields" -> FieldMatch.of(metric, where);
      case "verilog" -> VerilogBench.of(metric, where);
      case "judge" -> RubricMatch.of(metric, judge, where);
      case "sql" -> SqlExecution.of(metric, folder, where);
      case Preference.ONE_OPINION -> new OneOpinion();
      default ->
          throw new BadInput(
              where
                  + ": unknown metric "
                  + metric.name()
                  + "; known are exact, contains, regex, numeric, f1, label, schema, fields, sql,"
                  + " verilog, judge (choices are graded by likelihood without one)");
    };
  }
}
