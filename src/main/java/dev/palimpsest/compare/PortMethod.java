package dev.palimpsest.compare;

import java.util.Locale;

/** The ways to carry an adapter, in the order in which they are tried: the cheap ones first. */
public enum PortMethod {
  /** The factors as they are. */
  DIRECT,
  /** Least squares along what the modules read. */
  ACTIVATIONS,
  /** A new adapter that learns from the old tuned model. */
  DISTIL,
  /** The run that made the adapter, again. */
  REPLAY;

  PortWay way() {
    return switch (this) {
      case DIRECT -> new DirectPort();
      case ACTIVATIONS -> new ActivationsPort();
      case DISTIL -> new DistilPort();
      case REPLAY -> new ReplayPort();
    };
  }

  /** As a user writes it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
