package dev.palimpsest.report;

import dev.palimpsest.measure.Ledger;
import java.util.List;
import java.util.Optional;

/**
 * One arm of a study, or the one change that a page is about.
 *
 * @param name such as {@code LoRA with replay}
 * @param task what it was trained for; may be empty
 * @param ledger before against after, if it was measured
 * @param dial the adapter scaled, from 0 up
 * @param checkpoints from the first step on
 * @param curve the training loss
 * @param cost time, tokens, memory
 * @param time a run over time
 */
public record ArmReport(
    String name,
    String task,
    Optional<LedgerView> ledger,
    List<PathPoint> dial,
    List<PathPoint> checkpoints,
    List<LossPoint> curve,
    List<Fact> cost,
    OverTime time) {
  /** Copies the lists. */
  public ArmReport {
    dial = List.copyOf(dial);
    checkpoints = List.copyOf(checkpoints);
    curve = List.copyOf(curve);
    cost = List.copyOf(cost);
  }

  /** An arm without a way that led to it. */
  ArmReport(String name, String task, Optional<LedgerView> ledger, List<Fact> cost) {
    this(name, task, ledger, List.of(), List.of(), List.of(), cost, OverTime.NONE);
  }

  /** An arm of which only the ledger is known so far. */
  public static ArmReport of(String name, String task, Ledger ledger) {
    return new ArmReport(name, task, Optional.of(LedgerView.of(ledger)), List.of());
  }

  /** The same with the adapter's scale turned. */
  public ArmReport withDial(List<PathPoint> points) {
    return new ArmReport(name, task, ledger, points, checkpoints, curve, cost, time);
  }

  /** The same with the way that training took. */
  public ArmReport withCheckpoints(List<PathPoint> points) {
    return new ArmReport(name, task, ledger, dial, points, curve, cost, time);
  }

  /** The same with a training curve. */
  public ArmReport withCurve(List<LossPoint> points) {
    return new ArmReport(name, task, ledger, dial, checkpoints, points, cost, time);
  }

  /** The same with what it cost. */
  public ArmReport withCost(List<Fact> facts) {
    return new ArmReport(name, task, ledger, dial, checkpoints, curve, facts, time);
  }

  Optional<PathPoint> place() {
    return ledger.flatMap(view -> PathPoint.of(title(), view));
  }

  String title() {
    return task.isEmpty() ? name : name + " \u00b7 " + task;
  }
}
