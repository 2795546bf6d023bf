package dev.palimpsest.cli;

import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Interrupt;

/** Where an undertaking of several parts ends after Ctrl-C, so that the same call goes on. */
final class SafePoint {
  private SafePoint() {}

  /** Listens from now on, and tells the user once. */
  static Cancellation listen() {
    Cancellation cancellation = new Cancellation();
    Interrupt.listen(cancellation, () -> System.err.println("\nstopping at the next safe point"));
    return cancellation;
  }
}
