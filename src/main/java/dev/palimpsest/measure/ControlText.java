package dev.palimpsest.measure;

import java.util.Locale;

/** A control as a part of the ledger's table for people. */
final class ControlText {
  private ControlText() {}

  /** Its own lines, in the table's columns, and under each how it stands to the change. */
  static String of(ControlResult control) {
    StringBuilder out = new StringBuilder(String.format("control %s%n", control.name()));
    for (ControlResult.Part part : control.probes()) {
      out.append(
          LedgerText.line("  " + part.result().probe().name(), "control", part.result().outcome()));
      part.against().ifPresent(against -> out.append(line(against)));
    }
    return out.toString();
  }

  private static String line(ControlResult.Against against) {
    Outcome outcome = against.outcome();
    String items =
        against
            .counts()
            .map(
                counts ->
                    String.format(
                        Locale.ROOT,
                        "of %d right before the change alone lost %d, the control alone %d, both %d; p %.3g; ",
                        counts.n(),
                        counts.lost(),
                        counts.won(),
                        counts.neither(),
                        counts.mcnemarP()))
            .orElse("");
    return String.format(
        Locale.ROOT,
        "    %sΔ %+.3f%s: %s%n",
        items,
        outcome.delta(),
        LedgerText.limits(outcome.interval()),
        switch (against.judgement().verdict()) {
          case LOST -> "the change lost more";
          case KEPT -> "the change lost less";
          case UNDECIDED -> "undecided which lost more";
        });
  }
}
