package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A sequence as tables for people. */
public final class SequenceText {
  private SequenceText() {}

  /** A table a course, then the means. */
  public static String of(SequenceResult result) {
    StringBuilder out = new StringBuilder();
    for (SequenceResult.Course course : result.courses()) {
      out.append(
          String.format(
              Locale.ROOT,
              "%s, seed %d%n%-16s",
              String.join(" → ", course.order()),
              course.seed(),
              "after"));
      course.order().forEach(task -> out.append(String.format(Locale.ROOT, " %-34s", task)));
      out.append(String.format(Locale.ROOT, "%n%-16s", "the model"));
      course
          .matrix()
          .base()
          .forEach(
              rate ->
                  out.append(
                      String.format(
                          Locale.ROOT, " %-34s", String.format(Locale.ROOT, "%.3f", rate))));
      out.append(System.lineSeparator());
      for (int i = 0; i < course.stages().size(); i++) {
        out.append(stage(course, i));
      }
      course.stages().forEach(stage -> out.append(retention(stage)));
      out.append(summary(result.summary(List.of(course)))).append(System.lineSeparator());
    }
    if (result.courses().size() > 1) {
      out.append(
          String.format(
              Locale.ROOT, "mean of %d%n%s", result.courses().size(), summary(result.summary())));
    }
    return out.toString().strip();
  }

  private static String stage(SequenceResult.Course course, int stage) {
    StringBuilder out =
        new StringBuilder(String.format(Locale.ROOT, "%-16s", course.order().get(stage)));
    List<Double> rates = course.matrix().rates().get(stage);
    for (int i = 0; i < rates.size(); i++) {
      String change =
          course
              .since(stage, course.order().get(i))
              .map(
                  outcome ->
                      String.format(
                          Locale.ROOT, "  Δ %+.3f%s", outcome.delta(), limits(outcome.interval())))
              .orElse("");
      out.append(
          String.format(
              Locale.ROOT, " %-34s", String.format(Locale.ROOT, "%.3f", rates.get(i)) + change));
    }
    return out.toString().stripTrailing() + System.lineSeparator();
  }

  private static String retention(SequenceResult.Stage stage) {
    StringBuilder out = new StringBuilder();
    for (ProbeResult result : stage.ledger().probes()) {
      if (result.probe().kind() == ProbeKind.RETENTION) {
        Outcome outcome = result.outcome();
        out.append(
            String.format(
                Locale.ROOT,
                "  %s after %s: %.3f, Δ %+.3f%s of the model's %.3f%n",
                result.probe().name(),
                stage.task(),
                outcome.after(),
                outcome.delta(),
                limits(outcome.interval()),
                outcome.before()));
      }
    }
    return out.toString();
  }

  private static String summary(SequenceResult.Summary summary) {
    return String.format(
        Locale.ROOT,
        "accuracy %.3f%s, backward transfer %+.3f%s, forgetting %.3f%s, forward transfer"
            + " %+.3f%s%n",
        summary.accuracy().value(),
        shares(summary.accuracy()),
        summary.backward().value(),
        limits(summary.backward()),
        summary.forgetting().value(),
        shares(summary.forgetting()),
        summary.forward().value(),
        limits(summary.forward()));
  }

  private static String shares(SequenceResult.Estimate estimate) {
    return String.format(
        Locale.ROOT, " (%.3f … %.3f)", estimate.interval().low(), estimate.interval().high());
  }

  private static String limits(SequenceResult.Estimate estimate) {
    return limits(Optional.of(estimate.interval()));
  }

  private static String limits(Optional<Interval> interval) {
    return interval
        .map(i -> String.format(Locale.ROOT, " (%+.3f … %+.3f)", i.low(), i.high()))
        .orElse("");
  }
}
