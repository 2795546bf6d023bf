package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Outcome;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A search as a table for people. */
public final class SearchText {
  private SearchText() {}

  /** Every setting tried, then the chosen one on the other half. */
  public static String of(SearchResult result) {
    StringBuilder out = new StringBuilder();
    out.append(String.format(Locale.ROOT, "%-28s %-14s %8s", "run", "adapter", "gain"));
    result.limits().keySet().forEach(name -> out.append(" lost of ").append(name));
    out.append(System.lineSeparator());
    result.tried().forEach(tried -> out.append(line(result, tried)));
    out.append(
        result.chosen().map(chosen -> chosen(result, chosen)).orElseGet(() -> nothing(result)));
    return out.toString();
  }

  private static String line(SearchResult result, SearchResult.Tried tried) {
    StringBuilder line =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%-28s %-14s %+8.4f",
                tried.number() + ", " + tried.words(),
                tried.adapter(),
                tried.selection().gain()));
    for (Map.Entry<String, Outcome> entry : tried.selection().kept().entrySet()) {
      int width = " lost of ".length() + entry.getKey().length();
      String loss = String.format(Locale.ROOT, "%.2f %%", 100 * entry.getValue().loss());
      line.append(" ".repeat(Math.max(1, width - loss.length()))).append(loss);
    }
    boolean taken = result.chosen().map(chosen -> chosen.tried().equals(tried)).orElse(false);
    String mark = taken ? "  chosen" : tried.allowed() ? "  allowed" : "";
    return line.append(mark).append(System.lineSeparator()).toString();
  }

  private static String chosen(SearchResult result, SearchResult.Chosen chosen) {
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "on the other half: gain %+.4f%s",
            chosen.report().gain(),
            limits(chosen.report().gainInterval(), 1)));
    for (Map.Entry<String, Outcome> entry : chosen.report().kept().entrySet()) {
      out.append(
          String.format(
              Locale.ROOT,
              ", lost of %s %.2f %%%s",
              entry.getKey(),
              100 * entry.getValue().loss(),
              limits(entry.getValue().lossInterval(), 100)));
    }
    if (!chosen.report().within(result.limits(), result.plan().by())) {
      out.append("; there it is over a limit: choose on more items, or limit more");
    }
    return out.append(System.lineSeparator()).append(result.run().resolve("adapter")).toString();
  }

  private static String nothing(SearchResult result) {
    return "nothing gained anything under the limits; no adapter is written. More runs: --tries;"
        + " all that was tried is under "
        + result.run().resolve("tries");
  }

  private static String limits(Optional<Interval> interval, double factor) {
    return interval
        .map(
            i ->
                String.format(Locale.ROOT, " (%+.4f … %+.4f)", factor * i.low(), factor * i.high()))
        .orElse("");
  }
}
