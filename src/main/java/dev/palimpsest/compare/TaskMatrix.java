package dev.palimpsest.compare;

import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * How each of T tasks does after each of T stages, the tasks in the order in which they are
 * learned.
 *
 * @param base share of right items of each task before the first stage
 * @param rates the same by stage, then task
 */
record TaskMatrix(List<Double> base, List<List<Double>> rates) {
  TaskMatrix {
    base = List.copyOf(base);
    rates = rates.stream().map(List::copyOf).toList();
    int tasks = base.size();
    if (tasks == 0
        || rates.size() != tasks
        || rates.stream().anyMatch(row -> row.size() != tasks)) {
      throw new IllegalArgumentException("stages × tasks: " + rates + ", base: " + base);
    }
  }

  private int last() {
    return base.size() - 1;
  }

  private double at(int stage, int task) {
    return stage == BASE ? base.get(task) : rates.get(stage).get(task);
  }

  /**
   * What a task adds to a measure.
   *
   * @param to the stage whose rate counts
   * @param less the stage whose rate is taken off it; {@link #BASE} for before the first, empty for
   *     none
   */
  record Step(int task, int to, OptionalInt less) {}

  static final int BASE = -1;

  /** Of accuracy: all tasks after the last stage. */
  List<Step> atTheEnd() {
    return IntStream.rangeClosed(0, last())
        .mapToObj(task -> new Step(task, last(), OptionalInt.empty()))
        .toList();
  }

  /** Of backward transfer: all tasks but the last, since the stage that learned them. */
  List<Step> sinceLearned() {
    return IntStream.range(0, last())
        .mapToObj(task -> new Step(task, last(), OptionalInt.of(task)))
        .toList();
  }

  /** Of forward transfer: all tasks but the first, before the stage that learned them. */
  List<Step> untilLearned() {
    return IntStream.rangeClosed(1, last())
        .mapToObj(task -> new Step(task, task - 1, OptionalInt.of(BASE)))
        .toList();
  }

  /** Of forgetting: all tasks but the last, at their best before the last stage. */
  List<Step> sinceBest() {
    return IntStream.range(0, last())
        .mapToObj(task -> new Step(task, best(task), OptionalInt.of(last())))
        .toList();
  }

  private int best(int task) {
    return IntStream.range(0, last())
        .boxed()
        .max(Comparator.comparingDouble((Integer stage) -> at(stage, task)))
        .orElseThrow();
  }

  private OptionalDouble mean(List<Step> steps) {
    return steps.stream()
        .mapToDouble(
            step ->
                at(step.to, step.task)
                    - (step.less.isPresent() ? at(step.less.getAsInt(), step.task) : 0))
        .average();
  }

  /** The mean over tasks after the last stage (Lopez-Paz and Ranzato, 1706.08840: ACC). */
  double accuracy() {
    return mean(atTheEnd()).orElseThrow();
  }

  /**
   * The mean over all tasks but the last of R[T][i] − R[i][i]: what later stages did to a task once
   * it was learned (ibid.: BWT); none of one task.
   */
  OptionalDouble backwardTransfer() {
    return mean(sinceLearned());
  }

  /**
   * The mean over all tasks but the first of R[i−1][i] − base[i]: what earlier stages did to a task
   * before it was learned (ibid.: FWT, with the base in the place of a random start).
   */
  OptionalDouble forwardTransfer() {
    return mean(untilLearned());
  }

  /**
   * The mean over all tasks but the last of the best rate after any earlier stage less the rate
   * after the last (Chaudhry et al., 1801.10112, equation 3).
   */
  OptionalDouble forgetting() {
    return mean(sinceBest());
  }
}
