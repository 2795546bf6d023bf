package dev.palimpsest;

/** A {@link Model} with an adapter over it, usable until that model is closed. */
public final class Tuned implements Subject {
  private final Arm arm;

  Tuned(Arm arm) {
    this.arm = arm;
  }

  Arm arm() {
    return arm;
  }

  /** The names of model and adapter. */
  @Override
  public String toString() {
    return arm.model().name();
  }
}
