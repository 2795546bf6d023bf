package dev.palimpsest;

import java.util.List;

/** A {@link Model} with an adapter over it, usable until that model is closed. */
public final class Tuned implements Subject {
  private final Arm arm;

  Tuned(Arm arm) {
    this.arm = arm;
  }

  @Override
  public Scores score(Data data) {
    return arm.score(data);
  }

  @Override
  public List<Answer> generate(List<String> prompts, Decoding decoding) {
    return arm.generate(prompts, decoding);
  }

  @Override
  public List<Answer> generate(Data prompts, Decoding decoding) {
    return arm.generate(prompts, decoding);
  }

  @Override
  public Probing ledger(Subject after) {
    return new Probing(arm, Arm.of(after));
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
