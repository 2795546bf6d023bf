package dev.palimpsest.measure;

import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * What became of one training sample over a run. The events are those of Toneva and others, An
 * Empirical Study of Example Forgetting during Deep Neural Network Learning (2019), with two
 * changes for language models: a sample is right where each of its labels is the likeliest token
 * given those before it, so that greedy decoding writes it; and it is looked at in the run's states
 * alone, so that events between two of them stay unseen.
 *
 * @param labels tokens that are learned
 * @param states the base first, the end last; at least two
 */
public record Trajectory(String id, int labels, List<At> states) {
  /**
   * The sample in one state.
   *
   * @param loss mean nats a label
   * @param top labels that are the likeliest token
   */
  public record At(double loss, int top) {}

  /** What became of it; one of these for each sample. */
  public enum Kind {
    /** Right under the base and at the end. */
    KNOWN,
    /** Wrong under the base, right at the end. */
    LEARNED,
    /** Wrong under the base and at the end, right at a checkpoint. */
    FORGOTTEN,
    /** Right under the base, wrong at the end. */
    LOST,
    /** Right in no state. */
    NEVER
  }

  /** Copies the states and checks that there is a way. */
  public Trajectory {
    states = List.copyOf(states);
    if (labels < 1 || states.size() < 2) {
      throw new IllegalArgumentException(
          "sample " + id + ": " + labels + " labels in " + states.size() + " states");
    }
  }

  /** Whether greedy decoding writes the sample in a state. */
  public boolean right(int state) {
    return states.get(state).top() == labels;
  }

  /** What became of it. */
  public Kind kind() {
    boolean before = right(0);
    boolean after = right(states.size() - 1);
    if (after) {
      return before ? Kind.KNOWN : Kind.LEARNED;
    }
    if (before) {
      return Kind.LOST;
    }
    return firstRight().isPresent() ? Kind.FORGOTTEN : Kind.NEVER;
  }

  /** How often it was right in a state and wrong in the next. */
  public int forgettingEvents() {
    return (int) steps().filter(next -> right(next - 1) && !right(next)).count();
  }

  /** How often it was wrong in a state and right in the next. */
  public int learningEvents() {
    return (int) steps().filter(next -> !right(next - 1) && right(next)).count();
  }

  /** The first state in which it was right; empty if it never was. */
  public OptionalInt firstRight() {
    return IntStream.range(0, states.size()).filter(this::right).findFirst();
  }

  /** Whether it was right in some state and never wrong from then on. */
  public boolean unforgettable() {
    return firstRight().isPresent() && forgettingEvents() == 0;
  }

  /**
   * Whether training on it left it worse: its loss at the end is above that under the base, and
   * greedy decoding does not write it. A label that others contradict does so.
   */
  public boolean rose() {
    return rise() > 0 && !right(states.size() - 1);
  }

  /** Loss at the end less that under the base, nats a label. */
  public double rise() {
    return states.getLast().loss() - states.getFirst().loss();
  }

  /**
   * Mean loss over the states after the base, nats a label. What stays unlikely while the rest is
   * learned is hard, or its label is wrong (Swayamdipta and others, Dataset Cartography, 2020, by
   * the mean probability); the end alone does not tell, since wrong labels are learned in time.
   */
  public double meanLoss() {
    return states.stream().skip(1).mapToDouble(At::loss).average().orElseThrow();
  }

  private IntStream steps() {
    return IntStream.range(1, states.size());
  }
}
