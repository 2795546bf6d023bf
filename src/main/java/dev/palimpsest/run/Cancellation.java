package dev.palimpsest.run;

/**
 * A wish to stop. Long work asks at each safe point (a step, an item, a chunk) and, once the wish
 * is there, ends in order with what it has.
 */
public final class Cancellation {
  private volatile boolean requested;

  /** Wishes the work to stop; it stays wished. */
  public void request() {
    requested = true;
  }

  /** Whether the work should stop at this safe point. */
  public boolean requested() {
    return requested;
  }
}
