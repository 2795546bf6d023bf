package dev.palimpsest.compare;

import dev.palimpsest.measure.LedgerText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A port as a table for people. */
public final class PortText {
  private PortText() {}

  /** Every way, then the ledger of the one taken. */
  public static String of(PortResult result) {
    StringBuilder out = new StringBuilder();
    result.tried().stream()
        .map(PortText::line)
        .filter(line -> !line.isEmpty())
        .forEach(line -> out.append(line).append(System.lineSeparator()));
    out.append(
        result
            .chosen()
            .map(
                chosen ->
                    "%s, %s:%n%s%s%n%s"
                        .formatted(
                            chosen.method(),
                            switch (chosen.on()) {
                              case REPORT -> "the best by one half of the items, on the other half";
                              case ALL -> "on all items";
                            },
                            LedgerText.of(chosen.ledger()),
                            chosen.within(result.mayLose())
                                ? ""
                                : "%na probe loses more than --may-lose allows here".formatted(),
                            result.out().resolve("adapter")))
            .orElseGet(
                () ->
                    "no way gains anything and loses less than %s %% of every probe; no adapter is"
                            .formatted(100 * result.mayLose())
                        + " taken. All of them are under "
                        + result.out().resolve("tries")));
    return out.toString();
  }

  /** Empty if there is nothing to tell of it. */
  private static String line(PortResult.Tried tried) {
    List<String> parts = new ArrayList<>();
    tried.refused().ifPresent(parts::add);
    tried.selection().ifPresent(reading -> parts.add(told(reading, tried.allowed())));
    tried.fit().ifPresent(fit -> parts.add(told(fit)));
    return parts.isEmpty()
        ? ""
        : String.format(Locale.ROOT, "%-12s %s", tried.method(), String.join("; ", parts));
  }

  private static String told(Reading reading, boolean allowed) {
    StringBuilder out = new StringBuilder(String.format(Locale.ROOT, "gain %+.4f", reading.gain()));
    reading
        .kept()
        .forEach(
            (name, kept) ->
                out.append(
                    String.format(Locale.ROOT, ", lost of %s %.2f %%", name, 100 * kept.loss())));
    return out.append(allowed ? ", allowed" : "").toString();
  }

  private static String told(ActivationFit fit) {
    String asIs =
        fit.errorAsIs().isPresent()
            ? String.format(
                Locale.ROOT, ", of the factors as they are %.3f", fit.errorAsIs().getAsDouble())
            : "";
    return String.format(
        Locale.ROOT, "relative error along %d tokens %.3f%s", fit.tokens(), fit.error(), asIs);
  }
}
