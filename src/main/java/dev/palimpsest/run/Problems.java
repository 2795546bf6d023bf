package dev.palimpsest.run;

import java.util.ArrayList;
import java.util.List;

/** Collects everything that is wrong with an input, so that it is told at once. */
public final class Problems {
  private static final int SHOWN = 20;
  private final List<String> found = new ArrayList<>();

  /** Notes one problem: what, found, expected. */
  public void add(String problem) {
    found.add(problem);
  }

  public boolean isEmpty() {
    return found.isEmpty();
  }

  /** All problems in the order in which they were met. */
  public List<String> all() {
    return List.copyOf(found);
  }

  /**
   * Fails if anything was noted.
   *
   * @throws BadInput with {@code headline} and the problems, if there are any; past the twentieth
   *     they are counted
   */
  public void throwIfAny(String headline) {
    if (found.isEmpty()) {
      return;
    }
    String rest = found.size() > SHOWN ? "; and " + (found.size() - SHOWN) + " more" : "";
    throw new BadInput(
        headline
            + ": "
            + String.join("; ", found.subList(0, Math.min(SHOWN, found.size())))
            + rest);
  }
}
