package dev.palimpsest.measure;

import java.util.List;
import java.util.Optional;

/**
 * A ledger, and what it was held against.
 *
 * @param thresholds what the user's limits come to
 * @param trained items that stand in the training data of the run after, if it is one's
 */
public record HeldLedger(
    Ledger ledger, List<Threshold.Held> thresholds, Optional<Overlap> trained) {
  /** Copies the list. */
  public HeldLedger {
    thresholds = List.copyOf(thresholds);
  }

  /** Judges a ledger, once. */
  public static HeldLedger of(Ledger ledger, List<Threshold> asked, Optional<Overlap> trained) {
    return new HeldLedger(ledger, asked.stream().map(each -> each.hold(ledger)).toList(), trained);
  }

  /** Whether a threshold is missed. */
  public boolean missed() {
    return thresholds.stream().anyMatch(Threshold.Held::missed);
  }
}
