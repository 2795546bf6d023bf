package dev.palimpsest.compare;

import dev.palimpsest.data.Mixing;
import dev.palimpsest.measure.Crossed;
import dev.palimpsest.measure.Divergence;
import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.tune.Tuner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a study has come to so far.
 *
 * @param comparisons of the tasks of which anything is done
 */
public record StudyResult(StudyRun.Asked asked, Map<StudyTask, Comparison> comparisons) {
  /** Copies the map, in its order. */
  public StudyResult {
    comparisons = new LinkedHashMap<>(comparisons);
  }

  /** A share of another dose's change, with its interval where that change is beyond doubt. */
  public record Share(double value, Optional<Interval> interval) {}

  /**
   * A dose and what it did.
   *
   * @param seeds done
   * @param replayed rows an epoch, in a study of replay
   * @param trainedTokens of a run, on average
   * @param gain on the task's probe
   * @param gainKept of the dose of none, on the seeds that both have; empty where there is no such
   *     dose, or its gain cannot be told from nothing
   * @param retention each probe that was not meant to move
   * @param drift of the distribution; empty if no text was asked for
   * @param lossLeft its KL as a share of the dose of none's
   */
  public record Row(
      Study.Dose dose,
      List<Long> seeds,
      OptionalInt replayed,
      double trainedTokens,
      Standing gain,
      Optional<Share> gainKept,
      List<Standing> retention,
      Optional<Drift> drift,
      Optional<Share> lossLeft) {}

  /** The doses of a task that have run at least once. */
  public List<Row> rows(StudyTask task) {
    List<Row> rows = new ArrayList<>();
    for (Study.Dose dose : asked.doses()) {
      arm(task, dose).ifPresent(arm -> rows.add(row(task, dose, arm)));
    }
    return rows;
  }

  /** LoRA against full tuning, in a study of both; empty where they cannot be compared. */
  public List<Matched> matched(StudyTask task) {
    return Matched.of(rows(task));
  }

  /** Runs that are not done, such as {@code facts, dose 5, seed 3}. */
  public List<String> missing() {
    List<String> missing = new ArrayList<>();
    for (StudyTask task : asked.tasks()) {
      for (Study.Dose dose : asked.doses()) {
        int done = arm(task, dose).map(arm -> arm.runs().size()).orElse(0);
        for (long seed : asked.seeds().subList(done, asked.seeds().size())) {
          missing.add(task.name() + ", dose " + dose.text() + ", seed " + seed);
        }
      }
    }
    return missing;
  }

  private Optional<Comparison.Arm> arm(StudyTask task, Study.Dose dose) {
    return Optional.ofNullable(comparisons.get(task)).stream()
        .flatMap(comparison -> comparison.arms().stream())
        .filter(arm -> arm.name().equals(dose.arm()))
        .findFirst();
  }

  private Row row(StudyTask task, Study.Dose dose, Comparison.Arm arm) {
    Optional<Comparison.Arm> none =
        asked.study().none().isEmpty()
            ? Optional.empty()
            : asked.doses().stream()
                .filter(each -> each.at() == asked.study().none().getAsDouble())
                .findFirst()
                .flatMap(each -> arm(task, each));
    List<Standing> standings = arm.standings();
    return new Row(
        dose,
        asked.seeds().subList(0, arm.runs().size()),
        asked.study() == Study.REPLAY
            ? OptionalInt.of(Mixing.replayed(task.rows(), dose.at()))
            : OptionalInt.empty(),
        arm.runs().stream()
            .mapToLong(run -> run.training().map(Tuner.Result::trainedTokens).orElse(0L))
            .average()
            .orElseThrow(),
        standings.getFirst(),
        none.flatMap(other -> gainKept(arm, other)),
        standings.stream().filter(each -> each.probe().kind() == ProbeKind.RETENTION).toList(),
        arm.drift(),
        none.flatMap(other -> lossLeft(arm, other)));
  }

  private static Optional<Share> gainKept(Comparison.Arm arm, Comparison.Arm other) {
    int seeds = Math.min(arm.runs().size(), other.runs().size());
    List<ProbeResult> others = gains(other, seeds);
    Optional<Interval> gained = Standing.of(others).interval();
    if (gained.isEmpty() || gained.get().low() <= 0) {
      return Optional.empty();
    }
    Crossed share = Crossed.changeAgainst(gains(arm, seeds), others);
    // where nothing varied, the items are too few to say how much could have
    return Optional.of(new Share(share.value(), share.interval().filter(i -> i.low() < i.high())));
  }

  private static Optional<Share> lossLeft(Comparison.Arm arm, Comparison.Arm other) {
    int seeds = Math.min(arm.runs().size(), other.runs().size());
    List<Divergence> own = along(arm, seeds);
    List<Divergence> others = along(other, seeds);
    if (own.size() < seeds || others.size() < seeds) {
      return Optional.empty();
    }
    Crossed share = Crossed.divergenceAgainst(own, others);
    return Optional.of(new Share(share.value(), share.positiveInterval()));
  }

  private static List<ProbeResult> gains(Comparison.Arm arm, int seeds) {
    return arm.runs().subList(0, seeds).stream()
        .map(run -> run.ledger().probes().getFirst())
        .toList();
  }

  private static List<Divergence> along(Comparison.Arm arm, int seeds) {
    return arm.runs().subList(0, seeds).stream()
        .flatMap(run -> run.ledger().divergence().stream())
        .toList();
  }
}
