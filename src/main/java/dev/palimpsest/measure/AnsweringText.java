package dev.palimpsest.measure;

import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** How answers behaved, as lines under a probe's own in the table. */
final class AnsweringText {
  private AnsweringText() {}

  static String of(Answering answering) {
    Behaviour before = answering.behaviour().before();
    Behaviour after = answering.behaviour().after();
    StringBuilder out = new StringBuilder();
    answering
        .score()
        .ifPresent(
            score ->
                out.append(
                    String.format(
                        Locale.ROOT,
                        "  mean score %.3f → %.3f, Δ %+.3f%s%n",
                        score.before(),
                        score.after(),
                        score.change().value(),
                        LedgerText.limits(score.change().interval()))));
    out.append(
        String.format(
            Locale.ROOT,
            "  answers: %d → %d of %d ended, %d → %d loops, %d → %d refusals, %d → %d empty, %.0f →"
                + " %.0f characters%s%n",
            before.ended(),
            after.ended(),
            before.answers(),
            before.loops(),
            after.loops(),
            before.refusals(),
            after.refusals(),
            before.empty(),
            after.empty(),
            before.medianCharacters(),
            after.medianCharacters(),
            language(answering.behaviour())));
    if (after.loops() > before.loops()) {
      out.append("  loops grew: ").append(Behaviour.AGAINST_LOOPS).append(System.lineSeparator());
    }
    return out.toString();
  }

  static String of(Judged judged) {
    JudgeTally tally = judged.tally();
    String people =
        tally.labelled() == 0
            ? "no human labels to hold it against"
            : String.format(
                Locale.ROOT,
                "agrees with %d of %d human labels%s",
                tally.agreed(),
                tally.labelled(),
                kappa(tally.kappa()));
    return String.format(
        Locale.ROOT,
        "%-14s judge %s: %s; the order turned %d of %d verdicts%n",
        judged.probe(),
        judged.judge(),
        people,
        tally.turned(),
        tally.compared());
  }

  /** Nothing where people or judge find all of them alike: chance alone would agree. */
  private static String kappa(double kappa) {
    return Double.isNaN(kappa) ? "" : String.format(Locale.ROOT, " (kappa %.2f)", kappa);
  }

  private static String language(Behaviour.Pair pair) {
    return pair.languageChanged() == 0
        ? ""
        : String.format(
            Locale.ROOT,
            ", %d in another language (%s → %s)",
            pair.languageChanged(),
            commonest(pair.before().languages()),
            commonest(pair.after().languages()));
  }

  private static String commonest(Map<String, Integer> languages) {
    return languages.entrySet().stream()
        .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()))
        .limit(3)
        .map(entry -> entry.getKey() + " " + entry.getValue())
        .collect(Collectors.joining(", "));
  }
}
