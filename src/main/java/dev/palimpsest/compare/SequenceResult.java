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
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

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

    /** The items of a task between the stage that learned it and a later one. */
    Optional<Outcome> since(int stage, String task) {
      int learned = order().indexOf(task);
      return learned >= stage
          ? Optional.empty()
          : Optional.of(stages.get(stage).result(task).since(stages.get(learned).result(task)));
    }
  }

  /**
   * A course in four numbers, or the means over several.
   *
   * @param backwardInterval at 95 %, by a bootstrap over the items of all tasks; it speaks of other
   *     items, not of other seeds or orders
   */
  record Summary(
      double accuracy,
      OptionalDouble backward,
      Optional<Interval> backwardInterval,
      OptionalDouble forgetting,
      OptionalDouble forward) {}

  /** All courses together. */
  Summary summary() {
    return summary(courses);
  }

  Summary summary(List<Course> some) {
    List<TaskMatrix> matrices = some.stream().map(Course::matrix).toList();
    return new Summary(
        matrices.stream().mapToDouble(TaskMatrix::accuracy).average().orElseThrow(),
        mean(matrices, TaskMatrix::backwardTransfer),
        Optional.of(Bootstrap.interval(backwardParts(some), new Seeds(0))),
        mean(matrices, TaskMatrix::forgetting),
        mean(matrices, TaskMatrix::forwardTransfer));
  }

  private static OptionalDouble mean(
      List<TaskMatrix> matrices, Function<TaskMatrix, OptionalDouble> value) {
    return matrices.stream().map(value).mapToDouble(OptionalDouble::orElseThrow).average();
  }

  /** Backward transfer is a sum of means over each task's items, the courses' share among them. */
  private List<Bootstrap.Part> backwardParts(List<Course> some) {
    List<Bootstrap.Part> parts = new ArrayList<>();
    for (SequencePlan.Task task : plan.tasks()) {
      List<ItemRow> items = some.getFirst().stages().getFirst().result(task.name()).rows();
      double[] values = new double[items.size()];
      for (Course course : some) {
        int last = course.stages().size() - 1;
        List<ItemRow> learned =
            course.stages().get(course.order().indexOf(task.name())).result(task.name()).rows();
        List<ItemRow> end = course.stages().get(last).result(task.name()).rows();
        for (int i = 0; i < values.length; i++) {
          values[i] += (end.get(i).after() - learned.get(i).after()) / (last * some.size());
        }
      }
      List<Double> boxed = new ArrayList<>();
      List<String> documents = new ArrayList<>();
      for (int i = 0; i < values.length; i++) {
        boxed.add(values[i]);
        documents.add(
            items.get(i).place().document().map(name -> "of " + name).orElse("item " + i));
      }
      parts.add(new Bootstrap.Part(boxed, documents));
    }
    return parts;
  }
}
