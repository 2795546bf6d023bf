package dev.palimpsest.compare;

import dev.palimpsest.compare.DemoStages.Stage;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.measure.BaseTexts;
import dev.palimpsest.measure.Divergence;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.Measurement;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.run.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The demonstration's measurements against one base. The base is asked each item once, before any
 * training; the store answers for it from then on.
 */
final class DemoLedgers {
  /** Items of a stop on an arm's path: gain and retention together. */
  private static final int PATH_GAIN_ITEMS = 20;

  private static final int PATH_RETENTION_ITEMS = 50;

  private final TunedModel base;
  private final List<Probe> retention;
  private final Probe few;
  private final ObservationStore store;
  private final DemoStages stages;
  private final Progress progress;

  DemoLedgers(
      TunedModel base,
      List<Probe> retention,
      ObservationStore store,
      DemoStages stages,
      Progress progress) {
    this.base = base;
    this.retention = List.copyOf(retention);
    this.few = few(retention);
    this.store = store;
    this.stages = stages;
    this.progress = progress;
  }

  /**
   * A task's items.
   *
   * @param heldOut what its arms are judged by
   * @param path what stops on the way are measured on; none of {@code heldOut}
   * @param maxTokens of an answer
   */
  record TaskProbes(Probe heldOut, Probe path, int maxTokens) {
    TaskProbes {
      path = path.thinned(PATH_GAIN_ITEMS);
    }
  }

  /** How the base does on a probe. */
  Outcome base(Probe probe, int maxTokens) {
    return stages
        .time(Stage.BASE, () -> measure(base, List.of(probe), maxTokens))
        .getFirst()
        .outcome();
  }

  /** The base against a tuned model: the task, all retention probes, and along texts. */
  Ledger full(TunedModel after, TaskProbes task, List<int[]> texts) {
    List<ProbeResult> results = new ArrayList<>();
    results.addAll(
        stages.time(Stage.ANSWERS, () -> measure(after, List.of(task.heldOut), task.maxTokens)));
    results.addAll(stages.time(Stage.RETENTION, () -> measure(after, retention, task.maxTokens)));
    Divergence divergence =
        stages.time(Stage.DIVERGENCE, () -> BaseTexts.divergence(base, after, texts, progress));
    return new Ledger(results, Optional.of(divergence), Optional.empty());
  }

  /** A stop on the way, on few items. */
  DemoResult.Point point(String at, TunedModel after, TaskProbes task) {
    List<ProbeResult> results =
        stages.time(Stage.PATHS, () -> measure(after, List.of(task.path, few), task.maxTokens));
    return new DemoResult.Point(at, new Ledger(results, Optional.empty(), Optional.empty()));
  }

  private List<ProbeResult> measure(TunedModel after, List<Probe> probes, int maxTokens) {
    Measurement measurement = new Measurement(store, Decoding.greedy(maxTokens), progress);
    return Ledger.measure(
            measurement, base.subject(Progress.none()), after.subject(Progress.none()), probes)
        .probes();
  }

  /** As many items of each retention probe, as one. */
  private static Probe few(List<Probe> retention) {
    List<ProbeItem> items = new ArrayList<>();
    for (Probe probe : retention) {
      for (ProbeItem item : probe.thinned(PATH_RETENTION_ITEMS / retention.size()).items()) {
        ProbeItem.Choose choose = (ProbeItem.Choose) item;
        items.add(
            new ProbeItem.Choose(
                probe.name() + "-" + choose.id(),
                choose.slice(),
                choose.prompt(),
                choose.choices(),
                choose.answer()));
      }
    }
    return new Probe("retention, few", ProbeKind.RETENTION, retention.getFirst().folder(), items);
  }
}
