package dev.palimpsest.compare;

import dev.palimpsest.measure.Crossed;
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
 * @param interval of {@code delta} at 95 %: the ledger's own for one seed; for several, the hull of
 *     the means of their limits (other items; as wide as if the seeds erred alike on every one) and
 *     of the interval over items and seeds ({@link Crossed})
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
        interval(runs, outcomes),
        mean(runs, run -> run.lost().size()),
        mean(runs, run -> run.won().size()),
        outcomes.stream().map(Outcome::after).toList());
  }

  private static <T> double mean(List<T> runs, ToDoubleFunction<T> value) {
    return runs.stream().mapToDouble(value).average().orElseThrow();
  }

  private static Optional<Interval> interval(List<ProbeResult> runs, List<Outcome> outcomes) {
    if (runs.size() == 1) {
      return outcomes.getFirst().interval();
    }
    List<Interval> each = outcomes.stream().flatMap(o -> o.interval().stream()).toList();
    return each.size() < runs.size()
        ? Optional.empty()
        : Crossed.change(runs).interval().map(crossed -> hull(each, crossed, bound(runs)));
  }

  /** Shares of items cannot differ by more than all of them. */
  private static double bound(List<ProbeResult> runs) {
    return runs.getFirst().probe().ofTexts() ? Double.POSITIVE_INFINITY : 1;
  }

  private static Interval hull(List<Interval> each, Interval crossed, double bound) {
    return new Interval(
        Math.max(-bound, Math.min(mean(each, Interval::low), crossed.low())),
        Math.min(bound, Math.max(mean(each, Interval::high), crossed.high())),
        Interval.Method.CROSSED);
  }

  /** What is better when it is more. */
  double score() {
    return probe.ofTexts() ? -after : after;
  }
}
