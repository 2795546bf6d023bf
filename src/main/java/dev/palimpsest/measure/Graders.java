package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The graders that a probe's items name, one for each metric, opened before a model is asked. */
final class Graders implements AutoCloseable {
  private final Probe probe;
  private final Source source;
  private final Map<Metric, Grader> graders = new HashMap<>();
  private final Map<String, List<String>> skipped = new TreeMap<>();
  private JudgeTally tally = JudgeTally.NONE;

  private Graders(Probe probe, Source source) {
    this.probe = probe;
    this.source = source;
  }

  /** Where graders come from. */
  @FunctionalInterface
  interface Source {
    /** {@link Grader#of}, or its like. */
    Grader of(Metric metric, Path folder, String where);
  }

  /**
   * Opens a probe's graders and checks that every completion can serve as a right answer.
   *
   * @throws dev.palimpsest.run.BadInput naming the items that cannot
   */
  static Graders open(Probe probe, Source source) {
    Graders opened = new Graders(probe, source);
    try {
      Problems problems = new Problems();
      for (ProbeItem item : probe.items()) {
        if (item instanceof ProbeItem.Ask ask) {
          opened.check(ask, problems);
        }
      }
      problems.throwIfAny("probe " + probe.name());
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /**
   * Refuses a probe some of whose items cannot be graded here, where each of them counts.
   *
   * @throws BadInput with the reason
   */
  static void requireAll(Probe probe) {
    try (Graders opened = open(probe, Grader::of)) {
      opened.skipped().stream()
          .findFirst()
          .ifPresent(
              skipped -> {
                throw new BadInput(
                    "probe %s: items cannot be graded here, %s"
                        .formatted(skipped.probe(), skipped.reason()));
              });
    }
  }

  private void check(ProbeItem.Ask ask, Problems problems) {
    String where = "probe " + probe.name() + ", item " + ask.id();
    Grader grader =
        graders.computeIfAbsent(ask.metric(), metric -> source.of(metric, probe.folder(), where));
    Optional<String> reason = grader.unavailable();
    if (reason.isPresent()) {
      skipped.computeIfAbsent(reason.get(), each -> new ArrayList<>()).add(ask.id());
      return;
    }
    try {
      grader.check(ask);
    } catch (IllegalArgumentException e) {
      problems.add("item " + ask.id() + ": " + e.getMessage());
    }
  }

  /** Items that cannot be graded here, by reason. */
  List<Skipped> skipped() {
    List<Skipped> all = new ArrayList<>();
    skipped.forEach((reason, ids) -> all.add(new Skipped(probe.name(), probe.kind(), reason, ids)));
    return all;
  }

  /** Hears what was observed, by whichever call it was. */
  void hear(List<Observation> observed) {
    for (Observation each : observed) {
      if (each instanceof Observation.Answered answered) {
        answered.grade().verdict().ifPresent(verdict -> tally = tally.compared(verdict));
      }
    }
  }

  /** How the probe's judge did, if it has one. */
  Optional<Judged> judged(String judge) {
    JudgeTally all =
        graders.values().stream()
            .flatMap(grader -> grader.tally().stream())
            .reduce(tally, JudgeTally::plus);
    return Optional.of(all)
        .filter(each -> each.compared() > 0)
        .map(each -> new Judged(probe.name(), judge, each));
  }

  /** The probe without the items that are skipped; empty if none is left. */
  Optional<Probe> gradable() {
    if (skipped.isEmpty()) {
      return Optional.of(probe);
    }
    Set<String> gone = new HashSet<>();
    skipped.values().forEach(gone::addAll);
    List<ProbeItem> left =
        probe.items().stream().filter(item -> !gone.contains(item.id())).toList();
    return left.isEmpty() ? Optional.empty() : Optional.of(probe.of(left));
  }

  Grader of(Metric metric) {
    return Objects.requireNonNull(graders.get(metric), "a metric of another probe");
  }

  @Override
  public void close() {
    graders.values().forEach(Grader::close);
  }
}
