package dev.palimpsest.measure;

import dev.palimpsest.run.Problems;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** The graders that a probe's items name, one for each metric, opened before a model is asked. */
final class Graders implements AutoCloseable {
  private final Map<Metric, Grader> graders = new HashMap<>();

  private Graders() {}

  /**
   * Opens a probe's graders and checks that every completion can serve as a right answer.
   *
   * @throws dev.palimpsest.run.BadInput naming the items that cannot
   */
  static Graders open(Probe probe) {
    Graders opened = new Graders();
    try {
      Problems problems = new Problems();
      for (ProbeItem item : probe.items()) {
        if (item instanceof ProbeItem.Ask ask) {
          opened.check(probe, ask, problems);
        }
      }
      problems.throwIfAny("probe " + probe.name());
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private void check(Probe probe, ProbeItem.Ask ask, Problems problems) {
    String where = "probe " + probe.name() + ", item " + ask.id();
    Grader grader =
        graders.computeIfAbsent(ask.metric(), metric -> Grader.of(metric, probe.folder(), where));
    try {
      grader.check(ask.completion());
    } catch (IllegalArgumentException e) {
      problems.add("item " + ask.id() + ": " + e.getMessage());
    }
  }

  Grader of(Metric metric) {
    return Objects.requireNonNull(graders.get(metric), "a metric of another probe");
  }

  @Override
  public void close() {
    graders.values().forEach(Grader::close);
  }
}
