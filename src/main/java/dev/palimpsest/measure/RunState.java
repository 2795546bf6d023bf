package dev.palimpsest.measure;

/**
 * A state of a model on a run's way.
 *
 * @param name {@code base}, such as {@code step 20}, or {@code end}
 * @param step how many steps had been trained; 0 for the base
 */
public record RunState(String name, long step) {
  static final RunState BASE = new RunState("base", 0);

  static RunState at(long step) {
    return new RunState("step " + step, step);
  }

  static RunState end(long step) {
    return new RunState("end", step);
  }
}
