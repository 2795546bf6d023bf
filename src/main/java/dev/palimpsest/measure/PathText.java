package dev.palimpsest.measure;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** A run's path as tables for people. */
public final class PathText {
  private PathText() {}

  /** A table a probe with one line a stop, then the divergences. */
  public static String of(RunPath path, Overlap trained) {
    StringBuilder out = new StringBuilder();
    Ledger first = path.stops().getFirst().ledger();
    for (int i = 0; i < first.probes().size(); i++) {
      Probe probe = first.probes().get(i).probe();
      out.append(i == 0 ? "" : System.lineSeparator()).append(probe.name());
      Set<String> seen = trained.of(probe);
      out.append(seen.isEmpty() ? "" : ", " + seen.size() + " of its items trained on");
      out.append(System.lineSeparator()).append(LedgerText.heading("stop"));
      String kind = probe.kind().name().toLowerCase(Locale.ROOT);
      for (RunPath.Stop stop : path.stops()) {
        out.append(LedgerText.line(stop.name(), kind, stop.ledger().probes().get(i).outcome()));
      }
    }
    first.skipped().forEach(each -> out.append(LedgerText.line(each)));
    divergences(path, Ledger::divergence, out);
    divergences(path, Ledger::onPrompts, out);
    trained.unread().forEach(file -> out.append(LedgerText.unread(file)));
    if (!path.unread().isEmpty()) {
      out.append(
          String.format(
              "%ncheckpoints left out, past the product or without an adapter: %s%n",
              path.unread()));
    }
    return out.toString().strip();
  }

  private static void divergences(
      RunPath path, Function<Ledger, Optional<Divergence>> measured, StringBuilder out) {
    measured
        .apply(path.stops().getFirst().ledger())
        .ifPresent(
            d ->
                out.append(
                    String.format("%nKL(base‖after) on %s, %d tokens%n", d.on(), d.tokens())));
    for (RunPath.Stop stop : path.stops()) {
      measured
          .apply(stop.ledger())
          .ifPresent(
              d -> out.append(String.format("%-14s %s%n", stop.name(), LedgerText.distance(d))));
    }
  }
}
