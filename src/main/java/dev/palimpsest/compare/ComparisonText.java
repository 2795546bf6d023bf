package dev.palimpsest.compare;

import java.util.List;
import java.util.Locale;

/** A comparison as a table for people. */
public final class ComparisonText {
  private ComparisonText() {}

  /** For each probe a line an arm, then what each arm costs, then the front. */
  public static String of(Comparison comparison) {
    StringBuilder out = new StringBuilder();
    List<Standing> first = comparison.reference().standings();
    for (int i = 0; i < first.size(); i++) {
      Standing probe = first.get(i);
      out.append(
          String.format(
              Locale.ROOT,
              "%n%s, %s, %d items, Δ against %s%n",
              probe.probe().name(),
              probe.probe().kind().name().toLowerCase(Locale.ROOT),
              probe.probe().items().size(),
              comparison.plan().reference()));
      for (Comparison.Arm arm : comparison.arms()) {
        out.append(
            arm.standing(probe.probe().name())
                .map(each -> line(arm, each))
                .orElseGet(
                    () -> String.format("  %-16s an endpoint tells no likelihoods%n", arm.name())));
      }
    }
    if (comparison.arms().stream().anyMatch(arm -> arm.drift().isPresent())) {
      out.append(
          String.format(
              Locale.ROOT, "%nKL(base‖arm), nats a token along texts that the base wrote%n"));
      comparison.arms().forEach(arm -> arm.drift().ifPresent(d -> out.append(drift(arm, d))));
    }
    out.append(String.format(Locale.ROOT, "%ncost%n"));
    comparison.arms().forEach(arm -> out.append(cost(comparison, arm)));
    return out.append(
            String.format(
                Locale.ROOT,
                "%nno other arm is better in gain, retention and time of an answer: %s",
                String.join(", ", comparison.front())))
        .toString()
        .strip();
  }

  private static String drift(Comparison.Arm arm, Drift drift) {
    String interval =
        drift
            .interval()
            .map(i -> String.format(Locale.ROOT, "[%.4f, %.4f]", i.low(), i.high()))
            .orElse("no interval");
    String bits =
        drift
            .bits()
            .map(
                b -> String.format(Locale.ROOT, "  bits a byte %.4f → %.4f", b.before(), b.after()))
            .orElse("");
    return String.format(
        Locale.ROOT,
        "  %-16s %.4f %s  same likeliest token %.1f %%%s%n",
        arm.name(),
        drift.kl(),
        interval,
        100 * drift.topAgreement(),
        bits);
  }

  private static String line(Comparison.Arm arm, Standing standing) {
    String interval =
        standing
            .interval()
            .map(i -> String.format(Locale.ROOT, "[%+.3f, %+.3f]", i.low(), i.high()))
            .orElse("no interval");
    String counts =
        standing.probe().ofTexts()
            ? ""
            : String.format(
                Locale.ROOT, "  lost %s, won %s", count(standing.lost()), count(standing.won()));
    String seeds =
        arm.runs().size() == 1
            ? ""
            : String.format(
                Locale.ROOT,
                "  seeds %.3f to %.3f",
                standing.bySeed().stream().mapToDouble(d -> d).min().orElseThrow(),
                standing.bySeed().stream().mapToDouble(d -> d).max().orElseThrow());
    return String.format(
        Locale.ROOT,
        "  %-16s %.3f  Δ %+.3f %s%s%s%n",
        arm.name(),
        standing.after(),
        standing.delta(),
        interval,
        counts,
        seeds);
  }

  private static String count(double items) {
    return String.format(Locale.ROOT, items == Math.rint(items) ? "%.0f" : "%.1f", items);
  }

  private static String cost(Comparison comparison, Comparison.Arm arm) {
    String speed =
        arm.speed()
            .map(
                s ->
                    String.format(
                        Locale.ROOT,
                        "%.0f ms an answer alone, %.3f s of %d together, prompt %.0f tokens, answer %.0f",
                        1000 * s.latency(),
                        s.secondsPerAnswer(),
                        s.prompts(),
                        s.promptTokens(),
                        s.answerTokens()))
            .orElse("by likelihood alone");
    String training =
        arm.trainingSeconds() == 0
            ? ""
            : String.format(Locale.ROOT, "; training %.0f s", arm.trainingSeconds());
    String money =
        comparison
            .cost(arm)
            .map(
                cost ->
                    String.format(
                        Locale.ROOT,
                        "; money: training %.4f, 1,000 answers %.4f%s",
                        cost.training(),
                        cost.perThousand(),
                        cost.breakEven().isPresent()
                            ? String.format(
                                Locale.ROOT,
                                ", paid back after %.0f answers",
                                cost.breakEven().getAsDouble())
                            : ""))
            .orElse("");
    return String.format(Locale.ROOT, "  %-16s %s%s%s%n", arm.name(), speed, training, money);
  }
}
