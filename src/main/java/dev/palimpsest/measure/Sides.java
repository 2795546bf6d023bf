package dev.palimpsest.measure;

import dev.palimpsest.run.Problems;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a ledger holds against each other.
 *
 * @param controls asked as the side after is, with the same text before every prompt
 */
public record Sides(Side before, Side after, List<Control> controls) {
  /** A change by itself. */
  public Sides(Side before, Side after) {
    this(before, after, List.of());
  }

  /**
   * Copies the list and checks the controls.
   *
   * @throws dev.palimpsest.run.BadInput naming those that are given twice, and random ones where
   *     there is no adapter whose norm they could have
   */
  public Sides {
    Problems problems = new Problems();
    Set<Control> seen = new HashSet<>();
    List<Control> asked = new ArrayList<>();
    for (Control control : controls) {
      Control own =
          control instanceof Control.Other other
              ? new Control.Other(other.side().prompted(after.prompting()))
              : control;
      asked.add(own);
      if (!seen.add(own)) {
        problems.add(control + " is given twice");
      }
      if (own instanceof Control.Other other && other.side().equals(after)) {
        problems.add(control + " is the side after itself");
      }
      if (own instanceof Control.Random
          && (after.adapter().isEmpty()
              || before.adapter().isPresent()
              || !before.model().equals(after.model()))) {
        problems.add(
            control
                + " stands in the place of an adapter: give --before MODEL and --after MODEL+ADAPTER"
                + " of one model");
      }
    }
    problems.throwIfAny("--control");
    controls = List.copyOf(asked);
  }

  /**
   * Refuses sides that the probes cannot be put to.
   *
   * @throws dev.palimpsest.run.BadInput naming all that does not fit
   */
  void requireFit(List<Probe> probes) {
    Problems problems = new Problems();
    Stream.of(before, after).forEach(side -> side.problems(probes).forEach(problems::add));
    problems.throwIfAny("what stands before every prompt does not fit the probes");
  }
}
