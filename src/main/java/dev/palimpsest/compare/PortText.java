package dev.palimpsest.compare;

import dev.palimpsest.measure.LedgerText;
import dev.palimpsest.measure.Outcome;
import java.util.Locale;
import java.util.Map;

/** A port as a table for people. */
public final class PortText {
  private PortText() {}

  /** Every way, then the ledger of the one taken. */
  public static String of(PortResult result) {
    StringBuilder out = new StringBuilder();
    result.tried().forEach(tried -> out.append(line(tried)).append(System.lineSeparator()));
    out.append(
        result
            .chosen()
            .map(
                chosen ->
                    "%s, %s:%n%s%n%s"
                        .formatted(
                            chosen.method(),
                            switch (chosen.on()) {
                              case REPORT -> "the best by one half of the items, on the other half";
                              case ALL -> "on all items";
                            },
                            LedgerText.of(chosen.ledger()),
                            result.out().resolve("adapter")))
            .orElseGet(
                () ->
                    "no way gains anything and loses less than %s %% of every probe; no adapter is"
                            .formatted(100 * result.mayLose())
                        + " taken. All of them are under "
                        + result.out().resolve("tries")));
    return out.toString();
  }

  private static String line(PortResult.Tried tried) {
    StringBuilder line =
        new StringBuilder(String.format(Locale.ROOT, "%-12s", tried.method()));
    tried.refused().ifPresent(line::append);
    tried
        .selection()
        .ifPresent(
            reading -> {
              line.append(String.format(Locale.ROOT, "gain %+.4f", reading.gain()));
              for (Map.Entry<String, Outcome> kept : reading.kept().entrySet()) {
                line.append(
                    String.format(
                        Locale.ROOT,
                        ", lost of %s %.2f %%",
                        kept.getKey(),
                        100 * kept.getValue().loss()));
              }
              line.append(tried.allowed() ? ", allowed" : "");
            });
    return line.toString();
  }
}
