package dev.palimpsest.compare;

import dev.palimpsest.measure.Bootstrap;
import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tune.Tuner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * What a sequence came to.
 *
 * @param courses one for each order and seed
 */
public record SequenceResult(SequencePlan plan, List<Course> courses) {
  /** Copies the list. */
  public SequenceResult {
    courses = List.copyOf(courses);
  }

  /**
   * One task learned.
   *
   * @param ledger all probes: the model before, this stage after
   */
  public record Stage(String task, Ledger ledger, Tuner.Result training) {
    ProbeResult result(String probe) {
      return ledger.probes().stream()
          .filter(each -> each.probe().name().equals(probe))
          .findFirst()
          .orElseThrow();
    }
  }

  /**
   * All tasks learned in one order.
   *
   * @param stages in that order
   */
  public record Course(long seed, List<Stage> stages) {
    /** Copies the list. */
    public Course {
      stages = List.copyOf(stages);
    }

    /** The tasks in the order in which they were learned. */
    public List<String> order() {
      return stages.stream().map(Stage::task).toList();
    }

    /** How each task does after each stage. */
    TaskMatrix matrix() {
      return new TaskMatrix(
          rates(stages.getFirst(), Outcome::before),
          stages.stream().map(stage -> rates(stage, Outcome::after)).toList());
    }

    private List<Double> rates(Stage stage, Function<Outcome, Double> rate) {
      return order().stream().map(task -> rate.apply(stage.result(task).outcome())).toList();
    }

    private List<ItemRow> rows(int stage, String task) {
      return stages.get(stage).result(task).rows();
    }

    /** Adds a share of each item's rate after a stage, or of the model's before the first. */
    private void add(double[] items, double share, int stage, String task) {
      List<ItemRow> rows = rows(Math.max(stage, 0), task);
      for (int i = 0; i < items.length; i++) {
        ItemRow row = rows.get(i);
        items[i] += share * (stage == TaskMatrix.BASE ? row.before() : row.after());
      }
    }

    /** The items of a task between the stage that learned it and a later one. */
    Optional<Outcome> since(int stage, String task) {
      int learned = order().indexOf(task);
      return learned >= stage
          ? Optional.empty()
          : Optional.of(stages.get(stage).result(task).since(stages.get(learned).result(task)));
    }
  }

  /**
   * A number, and its 95 % interval by a bootstrap over the items of all tasks: it speaks of other
   * items, not of other seeds or orders.
   */
  record Estimate(double value, Interval interval) {}

  /**
   * A course in four numbers, or the means over several.
   *
   * @param forgetting its interval takes the stage that was best for a task as given
   */
  record Summary(Estimate accuracy, Estimate backward, Estimate forgetting, Estimate forward) {}

  /** All courses together. */
  Summary summary() {
    return summary(courses);
  }

  Summary summary(List<Course> some) {
    return new Summary(
        estimate(some, TaskMatrix::atTheEnd),
        estimate(some, TaskMatrix::sinceLearned),
        estimate(some, TaskMatrix::sinceBest),
        estimate(some, TaskMatrix::untilLearned));
  }

  /** A mean over steps and courses is a sum of means over each task's items. */
  private Estimate estimate(List<Course> some, Function<TaskMatrix, List<TaskMatrix.Step>> steps) {
    Map<String, double[]> values = new LinkedHashMap<>();
    for (Course course : some) {
      List<TaskMatrix.Step> own = steps.apply(course.matrix());
      for (TaskMatrix.Step step : own) {
        String task = course.order().get(step.task());
        double[] items =
            values.computeIfAbsent(task, name -> new double[course.rows(0, name).size()]);
        double share = 1.0 / (own.size() * some.size());
        course.add(items, share, step.to(), task);
        step.less().ifPresent(less -> course.add(items, -share, less, task));
      }
    }
    List<Bootstrap.Part> parts = new ArrayList<>();
    for (SequencePlan.Task task : plan.tasks()) {
      if (values.containsKey(task.name())) {
        List<ItemRow> rows = some.getFirst().rows(0, task.name());
        parts.add(part(values.get(task.name()), rows));
      }
    }
    return new Estimate(Bootstrap.value(parts), Bootstrap.interval(parts, new Seeds(0)));
  }

  private static Bootstrap.Part part(double[] values, List<ItemRow> rows) {
    List<String> documents =
        IntStream.range(0, values.length)
            .mapToObj(i -> rows.get(i).place().document().map(d -> "of " + d).orElse("item " + i))
            .toList();
    return new Bootstrap.Part(Arrays.stream(values).boxed().toList(), documents);
  }
}
