package dev.palimpsest.measure;

import java.util.List;

/**
 * A run's way from the base to its end, and its adapter at several scales, each held against the
 * base on the same items and texts.
 *
 * @param model the base, as the run's record names it
 * @param unread steps of checkpoints that are no states: past the product, or without an adapter
 * @param stops checkpoints in order, the end, then the end's adapter by rising scale
 */
public record RunPath(String model, List<Long> unread, List<Stop> stops) {
  /** Copies the lists. */
  public RunPath {
    unread = List.copyOf(unread);
    stops = List.copyOf(stops);
  }

  /**
   * A place on the way.
   *
   * @param state which state's adapter it is
   * @param scale of the adapter; 1 as it was trained
   * @param ledger against the base
   */
  public record Stop(RunState state, double scale, Ledger ledger) {
    /** What a table and a picture call it, such as {@code step 20} or {@code end × 0.5}. */
    public String name() {
      return scale == 1 ? state.name() : state.name() + " × " + scale;
    }
  }
}
