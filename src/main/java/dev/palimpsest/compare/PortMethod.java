package dev.palimpsest.compare;

import java.util.Locale;

/** The ways to carry an adapter, in the order in which they are tried: the cheap ones first. */
public enum PortMethod {
  /** The factors as they are. */
  DIRECT(new DirectPort()),
  /** Least squares along what the modules read. */
  ACTIVATIONS(new ActivationsPort()),
  /** A new adapter that learns from the old tuned model. */
  DISTIL(new DistilPort()),
  /** The run that made the adapter, again. */
  REPLAY(new ReplayPort());

  private final PortWay way;

  PortMethod(PortWay way) {
    this.way = way;
  }

  PortWay way() {
    return way;
  }

  /** As a user writes it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
