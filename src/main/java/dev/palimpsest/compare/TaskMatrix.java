package dev.palimpsest.compare;

import java.util.List;
import java.util.OptionalDouble;
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
    return rates.get(stage).get(task);
  }

  /** The mean over tasks after the last stage (Lopez-Paz and Ranzato, 1706.08840: ACC). */
  double accuracy() {
    return rates.getLast().stream().mapToDouble(rate -> rate).average().orElseThrow();
  }

  /**
   * The mean over all tasks but the last of R[T][i] − R[i][i]: what later stages did to a task once
   * it was learned (ibid.: BWT); none of one task.
   */
  OptionalDouble backwardTransfer() {
    return IntStream.range(0, last()).mapToDouble(i -> at(last(), i) - at(i, i)).average();
  }

  /**
   * The mean over all tasks but the first of R[i−1][i] − base[i]: what earlier stages did to a task
   * before it was learned (ibid.: FWT, with the base in the place of a random start).
   */
  OptionalDouble forwardTransfer() {
    return IntStream.rangeClosed(1, last()).mapToDouble(i -> at(i - 1, i) - base.get(i)).average();
  }

  /**
   * The mean over all tasks but the last of the best rate after any earlier stage less the rate
   * after the last (Chaudhry et al., 1801.10112, equation 3).
   */
  OptionalDouble forgetting() {
    return IntStream.range(0, last())
        .mapToDouble(
            task ->
                IntStream.range(0, last()).mapToDouble(stage -> at(stage, task)).max().orElseThrow()
                    - at(last(), task))
        .average();
  }
}
