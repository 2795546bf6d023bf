package dev.palimpsest.measure;

import java.util.Locale;
import java.util.Optional;

/** A ledger as a table for people. */
public final class LedgerText {
  private LedgerText() {}

  /** One line a probe, then the divergences. */
  public static String of(Ledger ledger) {
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "%-14s %-9s %5s %7s %7s %8s  %-19s %4s %4s  %s%n",
            "probe",
            "kind",
            "n",
            "before",
            "after",
            "Δ",
            "95 % interval",
            "lost",
            "won",
            "p"));
    ledger
        .probes()
        .forEach(
            result -> {
              out.append(line(result));
              result.answering().ifPresent(each -> out.append(AnsweringText.of(each)));
              result.perplexity().ifPresent(each -> out.append(line(each)));
            });
    ledger.skipped().forEach(each -> out.append(line(each)));
    ledger.judged().forEach(each -> out.append(AnsweringText.of(each)));
    ledger.divergence().ifPresent(d -> out.append(line(d)));
    ledger.onPrompts().ifPresent(d -> out.append(line(d)));
    return out.toString().stripTrailing();
  }

  /** The same, with the place where a run's report finds it. */
  public static String of(Ledger ledger, Optional<RunLedger> kept) {
    return of(ledger)
        + kept.map(place -> System.lineSeparator() + "kept in " + place.run() + ", for its report")
            .orElse("");
  }

  private static String line(Perplexity texts) {
    return String.format(
        Locale.ROOT, "  perplexity %.2f → %.2f a token%n", texts.before(), texts.after());
  }

  private static String line(Skipped skipped) {
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
        "KL(base‖after) %.4f nats a token%s on %s, %d tokens, %.1f %% with the same likeliest token%s%n",
        d.klNatsPerToken().value(),
        d.klNatsPerToken()
            .interval()
            .map(i -> String.format(Locale.ROOT, " (%.4f … %.4f)", i.low(), i.high()))
            .orElse(""),
        d.on(),
        d.tokens(),
        100 * d.topAgreement(),
        d.bits()
            .map(
                b -> String.format(Locale.ROOT, "; %.4f → %.4f bits a byte", b.before(), b.after()))
            .orElse(""));
  }

  private static String line(ProbeResult result) {
    Outcome outcome = result.outcome();
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
                rates.counts().mcnemarP())
            : "";
    return String.format(
        Locale.ROOT,
        "%-14s %-9s %5d %7.3f %7.3f %+8.3f  %-19s %s%n",
        result.probe().name(),
        result.probe().kind().name().toLowerCase(Locale.ROOT),
        outcome.n(),
        outcome.before(),
        outcome.after(),
        outcome.delta(),
        interval,
        counts);
  }
}
