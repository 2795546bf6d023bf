package dev.palimpsest.measure;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** A ledger as a table for people. */
public final class LedgerText {
  private LedgerText() {}

  /** One line a probe, then the divergences. */
  public static String of(Ledger ledger) {
    StringBuilder out = new StringBuilder(heading());
    for (ProbeResult result : ledger.probes()) {
      String kind = result.probe().kind().name().toLowerCase(Locale.ROOT);
      out.append(line(result.probe().name(), kind, result.outcome()));
      result.slices().forEach((slice, outcome) -> out.append(line("  " + slice, "", outcome)));
      result.answering().ifPresent(each -> out.append(AnsweringText.of(each)));
      result.perplexity().ifPresent(each -> out.append(line(each)));
    }
    ledger.controls().forEach(each -> out.append(ControlText.of(each)));
    ledger.skipped().forEach(each -> out.append(line(each)));
    ledger.judged().forEach(each -> out.append(AnsweringText.of(each)));
    ledger.divergence().ifPresent(d -> out.append(line(d)));
    ledger.onPrompts().ifPresent(d -> out.append(line(d)));
    return out.toString().stripTrailing();
  }

  static String heading() {
    return heading("probe");
  }

  /** With what the rows are. */
  static String heading(String rows) {
    return String.format(
        Locale.ROOT,
        "%-14s %-9s %5s %7s %7s %8s  %-19s %4s %4s  %s%n",
        rows,
        "kind",
        "n",
        "before",
        "after",
        "Δ",
        "95 % interval",
        "lost",
        "won",
        "p");
  }

  /** What the user's thresholds come to, a paragraph each; empty if there are none. */
  private static String of(List<Threshold.Held> thresholds) {
    StringBuilder out = new StringBuilder();
    for (Threshold.Held held : thresholds) {
      out.append(
          String.format(
              Locale.ROOT,
              "%n%s %s%%: %s%n",
              held.threshold().rule().option(),
              percent(held.threshold().margin()),
              held.missed() ? "missed" : "met"));
      held.probes().forEach(judgement -> out.append(line(judgement)));
    }
    return out.toString().stripTrailing();
  }

  /** Which items were trained on, a line a probe; empty if none, and all data could be read. */
  private static String of(Ledger ledger, Overlap trained) {
    StringBuilder out = new StringBuilder();
    for (ProbeResult result : ledger.probes()) {
      Set<String> ids = trained.of(result.probe());
      if (!ids.isEmpty()) {
        String others =
            result
                .without(ids)
                .map(
                    o ->
                        String.format(
                            Locale.ROOT, "Δ without them %+.3f%s", o.delta(), limits(o.interval())))
                .orElse("there are no others");
        out.append(
            String.format(
                Locale.ROOT,
                "%n%s: %d of %d items stand in the run's training data; %s",
                result.probe().name(),
                ids.size(),
                result.rows().size(),
                others));
      }
    }
    trained.unread().forEach(file -> out.append(unread(file)));
    return out.toString();
  }

  static String unread(String file) {
    return String.format("%nnot looked through for probe items: %s", file);
  }

  /** The limits in brackets; nothing where there is no interval. */
  static String limits(Optional<Interval> interval) {
    return interval
        .map(i -> String.format(Locale.ROOT, " (%+.3f … %+.3f)", i.low(), i.high()))
        .orElse("");
  }

  private static String line(Judgement judgement) {
    String limits =
        judgement
            .interval()
            .map(
                i ->
                    String.format(
                        Locale.ROOT,
                        "Δ %+.3f … %+.3f at %s %%",
                        i.low(),
                        i.high(),
                        percent(judgement.confidence())))
            .orElse("no interval of one document");
    String decide =
        judgement.verdict() == Judgement.Verdict.UNDECIDED
            ? "; "
                + (judgement.itemsToDecide().isPresent()
                    ? "about " + rounded(judgement.itemsToDecide().getAsLong()) + " items"
                    : "no number of items")
                + " would decide it"
            : "";
    return String.format(
        Locale.ROOT,
        "  %-14s %-9s %s%s%n",
        judgement.probe(),
        judgement.verdict().name().toLowerCase(Locale.ROOT),
        limits,
        decide);
  }

  private static String percent(double share) {
    return new DecimalFormat("0.##", DecimalFormatSymbols.getInstance(Locale.ROOT))
        .format(100 * share);
  }

  /** To two digits: an estimate from an estimate. */
  private static String rounded(long items) {
    return new BigDecimal(items).round(new MathContext(2, RoundingMode.UP)).toPlainString();
  }

  /** The table, what the ledger was held against, and the place where a run's report finds it. */
  public static String of(HeldLedger held, Optional<RunLedger> kept) {
    return of(held.ledger())
        + held.trained().map(overlap -> of(held.ledger(), overlap)).orElse("")
        + of(held.thresholds())
        + kept.map(place -> System.lineSeparator() + RunLedger.told(place.run())).orElse("");
  }

  private static String line(Perplexity texts) {
    return String.format(
        Locale.ROOT, "  perplexity %.2f → %.2f a token%n", texts.before(), texts.after());
  }

  static String line(Skipped skipped) {
    return String.format(
        Locale.ROOT,
        "%-14s skipped: %d items, %s%n",
        skipped.probe(),
        skipped.ids().size(),
        skipped.reason());
  }

  private static String line(Divergence d) {
    return String.format(
        Locale.ROOT,
        "KL(base‖after) %s on %s, %d tokens, %s%n",
        nats(d),
        d.on(),
        d.tokens(),
        likeness(d));
  }

  /** How far a distribution moved, without saying along what. */
  static String distance(Divergence d) {
    return nats(d) + ", " + likeness(d);
  }

  private static String nats(Divergence d) {
    return String.format(
        Locale.ROOT,
        "%.4f nats a token%s",
        d.klNatsPerToken().value(),
        d.klNatsPerToken()
            .interval()
            .map(i -> String.format(Locale.ROOT, " (%.4f … %.4f)", i.low(), i.high()))
            .orElse(""));
  }

  private static String likeness(Divergence d) {
    return String.format(
        Locale.ROOT,
        "%.1f %% with the same likeliest token%s",
        100 * d.topAgreement(),
        d.bits()
            .map(
                b -> String.format(Locale.ROOT, "; %.4f → %.4f bits a byte", b.before(), b.after()))
            .orElse(""));
  }

  static String line(String name, String kind, Outcome outcome) {
    String interval =
        outcome
            .interval()
            .map(i -> String.format(Locale.ROOT, "%+.3f … %+.3f", i.low(), i.high()))
            .orElse("none");
    String counts =
        outcome instanceof Outcome.Rates rates
            ? String.format(
                Locale.ROOT,
                "%4d %4d  %.3g",
                rates.counts().lost(),
                rates.counts().won(),
                rates.clusters().isPresent() ? rates.p() : rates.counts().mcnemarP())
            : "";
    return String.format(
        Locale.ROOT,
        "%-14s %-9s %5d %7.3f %7.3f %+8.3f  %-19s %s%n",
        name,
        kind,
        outcome.n(),
        outcome.before(),
        outcome.after(),
        outcome.delta(),
        interval,
        counts);
  }
}
