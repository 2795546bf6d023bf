package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A study as tables for people. */
public final class StudyText {
  private StudyText() {}

  /** A table for each task, what is missing, and how to read it. */
  public static String of(StudyResult result) {
    StringBuilder out = new StringBuilder();
    for (StudyTask task : result.comparisons().keySet()) {
      out.append(task(result, task));
    }
    List<String> missing = result.missing();
    if (!missing.isEmpty()) {
      out.append(line("%nnot done yet, %d runs: %s", missing.size(), String.join("; ", missing)));
    }
    return out.append(String.format(Locale.ROOT, "%n%s", note(result.asked()))).toString().strip();
  }

  /** What stands below every study's tables. */
  public static String note(StudyRun.Asked asked) {
    return "Intervals are 95 %, over items or texts and over seeds, not corrected for their number;"
        + " KL(base‖arm) along "
        + asked.texts()
        + " texts that the base wrote."
        + (asked.study() == Study.REPLAY
            ? " Replay is text of that kind (other draws), so KL and bits favour it; retention"
                + " items are of another kind. More replay is also more tokens and more steps."
            : "");
  }

  private static String task(StudyResult result, StudyTask task) {
    List<StudyResult.Row> rows = result.rows(task);
    StringBuilder out = new StringBuilder();
    out.append(
        line(
            "%n%s: %d rows, epochs %d, %s by dose (%s)",
            task.name(),
            task.rows(),
            task.epochs(),
            result.asked().model(),
            result.asked().study().setting()));
    out.append(
        line(
            "  %-10s %5s %8s  %-24s %-22s %-26s %-22s %s",
            "dose",
            "seeds",
            "tokens",
            "gain, points",
            "gain kept, %",
            "KL, nats a token",
            "KL left, %",
            "bits a byte"));
    rows.forEach(row -> out.append(row(row)));
    for (int i = 0; !rows.isEmpty() && i < rows.getFirst().retention().size(); i++) {
      Standing probe = rows.getFirst().retention().get(i);
      out.append(
          line(
              "  %s, %d items, Δ: points, or bits a byte of texts",
              probe.probe().name(), probe.probe().items().size()));
      for (StudyResult.Row row : rows) {
        out.append(retention(row, row.retention().get(i)));
      }
    }
    matched(result, task).forEach(each -> out.append(each));
    return out.toString();
  }

  private static String row(StudyResult.Row row) {
    return line(
        "  %-10s %5d %8.0f  %-24s %-22s %-26s %-22s %s",
        row.dose().text()
            + (row.replayed().isPresent() ? " (" + row.replayed().getAsInt() + ")" : ""),
        row.seeds().size(),
        row.trainedTokens(),
        told("%+.1f", 100, row.gain().delta(), row.gain().interval()),
        row.gainKept().map(share -> told("%.0f", 100, share.value(), share.interval())).orElse("-"),
        row.drift().map(drift -> told("%.4f", 1, drift.kl(), drift.interval())).orElse("-"),
        row.lossLeft().map(share -> told("%.0f", 100, share.value(), share.interval())).orElse("-"),
        row.drift()
            .flatMap(Drift::bits)
            .map(bits -> told("%+.4f", 1, bits.delta(), bits.interval()))
            .orElse("-"));
  }

  private static String retention(StudyResult.Row row, Standing probe) {
    boolean texts = probe.probe().ofTexts();
    String told =
        texts
            ? told("%+.4f", 1, probe.delta(), probe.interval())
            : told("%+.1f", 100, probe.delta(), probe.interval());
    return line(
        "    %-10s %-24s %s",
        row.dose().text(),
        told,
        texts ? "" : line("lost %.1f, won %.1f", probe.lost(), probe.won()).strip());
  }

  private static List<String> matched(StudyResult result, StudyTask task) {
    if (result.asked().study() != Study.FULL) {
      return List.of();
    }
    List<Matched> matched = result.matched(task);
    return matched.isEmpty()
        ? List.of(line("  no gain that both reach: LoRA and full cannot be compared"))
        : matched.stream().map(StudyText::matched).toList();
  }

  private static String matched(Matched each) {
    return line(
        "  at a gain of %.1f points: KL %.4f by LoRA, %.4f by full; full over LoRA %s",
        100 * each.gain(),
        each.lora(),
        each.full(),
        each.ratio()
            .map(
                ratio ->
                    told("%.2f", 1, ratio.value(), ratio.interval())
                        + ", "
                        + each.seeds()
                        + " seeds")
            .orElse("without interval: both reach it in " + each.seeds() + " seed(s)"));
  }

  private static String told(
      String number, double factor, double value, Optional<Interval> interval) {
    String middle = String.format(Locale.ROOT, number, factor * value);
    return interval
        .map(
            i ->
                String.format(
                    Locale.ROOT,
                    "%s [" + number + ", " + number + "]",
                    middle,
                    factor * i.low(),
                    factor * i.high()))
        .orElse(middle);
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format + "%n", values);
  }
}
