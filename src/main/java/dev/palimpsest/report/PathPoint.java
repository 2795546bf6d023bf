package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.ProbeKind;
import java.util.Optional;

/**
 * A place in the picture of gain against loss: one checkpoint, or one setting of the scale.
 *
 * @param label such as {@code step 100} or {@code scale 0.5}
 * @param gain Δ on gain probes, a fraction
 * @param gainInterval its 95 % interval, if it has one
 * @param loss minus Δ on retention probes, a fraction: positive where something was lost
 * @param lossInterval its 95 % interval, if it has one
 */
public record PathPoint(
    String label,
    double gain,
    Optional<Interval> gainInterval,
    double loss,
    Optional<Interval> lossInterval) {
  /** Refuses what cannot be drawn. */
  public PathPoint {
    if (!Double.isFinite(gain) || !Double.isFinite(loss)) {
      throw new IllegalArgumentException(label + ": gain " + gain + ", loss " + loss);
    }
  }

  /** The base, whose change against itself is none. */
  static PathPoint base(String label) {
    return new PathPoint(label, 0, Optional.empty(), 0, Optional.empty());
  }

  /** Opens a table of such points, the first column named. */
  static Table table(Markup html, String caption, String first) {
    return Table.open(
        html,
        caption + ", in percentage points",
        first,
        "gained",
        "95\u00a0% interval",
        "lost",
        "95\u00a0% interval");
  }

  /** Its row in such a table. */
  void row(Table table, String name) {
    table.row(
        name,
        Numbers.points(gain),
        Numbers.points(gainInterval),
        Numbers.points(loss),
        Numbers.points(lossInterval));
  }

  /** The place of a ledger: its items pooled by kind; empty if it lacks one of the kinds. */
  public static Optional<PathPoint> of(String label, Ledger ledger) {
    return of(label, LedgerView.of(ledger));
  }

  static Optional<PathPoint> of(String label, LedgerView ledger) {
    Optional<LedgerView.Change> gain = ledger.pooled(ProbeKind.GAIN);
    Optional<LedgerView.Change> kept = ledger.pooled(ProbeKind.RETENTION);
    if (gain.isEmpty() || kept.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new PathPoint(
            label,
            gain.get().delta(),
            gain.get().interval(),
            -kept.get().delta(),
            kept.get().interval().map(i -> new Interval(-i.high(), -i.low(), i.method()))));
  }
}
