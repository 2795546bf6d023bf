package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Share;
import dev.palimpsest.measure.TwoShares;
import java.util.Locale;

/** A recovery probe for people. */
public final class RecoveryText {
  private RecoveryText() {}

  /** Both arms, their difference, and what it says. */
  public static String of(RecoveryResult result) {
    StringBuilder out = new StringBuilder();
    out.append(line("lost: shown", result.lost().shown()));
    out.append(line("lost: asked", result.lost().asked()));
    out.append(line("never known: shown", result.never().shown()));
    out.append(line("never known: asked", result.never().asked()));
    out.append(line("lost, shown none", result.turned()));
    TwoShares shares = result.shares();
    out.append(
        String.format(
            Locale.ROOT,
            "lost less never known, asked: %+.3f%s, Fisher's p %.3g%n",
            shares.difference(),
            limits(shares.interval(), "%+.3f … %+.3f"),
            shares.fisherP()));
    if (!result.left().isEmpty()) {
      out.append("too few items: ").append(String.join(", ", result.left())).append('\n');
    }
    return out.append(sentence(result)).toString();
  }

  private static String line(String what, Share share) {
    return String.format(
        Locale.ROOT,
        "%-20s %4d of %4d right, %.3f%s%n",
        what,
        share.right(),
        share.n(),
        share.value(),
        limits(share.interval(), "%.3f … %.3f"));
  }

  private static String limits(Interval interval, String form) {
    return " (" + String.format(Locale.ROOT, form, interval.low(), interval.high()) + ")";
  }

  private static String sentence(RecoveryResult result) {
    return switch (result.verdict()) {
      case SUPPRESSED ->
          "suppressed: items that were lost come back more often than items that neither side knew are"
              + " learned; the share that comes back shown none of them is what any tuning, or luck, gives";
      case ERASED ->
          String.format(
              Locale.ROOT,
              "erased: items that were lost come back at most %.0f points more often than items that"
                  + " neither side knew are learned",
              100 * RecoveryResult.MARGIN);
      case UNDECIDED ->
          result.learned()
              ? "undecided: more items would tell"
              : "undecided: the arms did not learn even what they were shown; give --tune steps=N a"
                  + " larger number, or --tune lr=RATE";
    };
  }
}
