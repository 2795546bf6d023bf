package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeResult;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * How an arm does on one probe, over its seeds.
 *
 * @param after share of right items, or bits a byte of texts: the mean over seeds
 * @param delta {@code after} less the reference's
 * @param interval of {@code delta} at 95 %: the ledger's own for one seed; for several, the means
 *     of their limits, which is as wide as if the seeds erred alike on every item, so it covers no
 *     less. It tells of other items, not of other seeds
 * @param lost items against the reference, on average; 0 for texts
 * @param won likewise
 * @param bySeed {@code after} of each seed
 */
public record Standing(
    Probe probe,
    double after,
    double delta,
    Optional<Interval> interval,
    double lost,
    double won,
    List<Double> bySeed) {
  /** Copies the list. */
  public Standing {
    bySeed = List.copyOf(bySeed);
  }

  /**
   * What the runs of an arm come to.
   *
   * @param runs the same probe against the same reference, one of each seed
   */
  static Standing of(List<ProbeResult> runs) {
    List<Outcome> outcomes = runs.stream().map(ProbeResult::outcome).toList();
    return new Standing(
        runs.getFirst().probe(),
        mean(outcomes, Outcome::after),
        mean(outcomes, Outcome::delta),
        interval(outcomes),
        mean(runs, run -> run.lost().size()),
        mean(runs, run -> run.won().size()),
        outcomes.stream().map(Outcome::after).toList());
  }

  private static <T> double mean(List<T> runs, ToDoubleFunction<T> value) {
    return runs.stream().mapToDouble(value).average().orElseThrow();
  }

  private static Optional<Interval> interval(List<Outcome> outcomes) {
    List<Interval> each = outcomes.stream().flatMap(o -> o.interval().stream()).toList();
    if (each.size() < outcomes.size()) {
      return Optional.empty();
    }
    return Optional.of(
        new Interval(
            mean(each, Interval::low), mean(each, Interval::high), each.getFirst().method()));
  }

  /** What is better when it is more. */
  double score() {
    return probe.ofTexts() ? -after : after;
  }
}
