package dev.palimpsest.measure;

import dev.palimpsest.generate.Decoding;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A ledger of each of a run's states against its base.
 *
 * @param asked of every state
 * @param scales at which the end's adapter is measured too, beside 1
 */
public record PathJob(LedgerJob asked, List<Double> scales) {
  /** Copies and checks the scales. */
  public PathJob {
    scales = scales.stream().sorted().distinct().toList();
    if (asked.probes().isEmpty() && asked.texts() == 0) {
      throw new BadInput("nothing to measure: give --probe, --gain or --built-in, or --texts");
    }
    for (double scale : scales) {
      if (!Double.isFinite(scale) || scale == 1 || scale == 0) {
        throw new BadInput(
            "--scales " + scale + ": give numbers but 0, which is the base, and 1, the end");
      }
    }
  }

  /**
   * Measures every state; what the store knows is not asked again.
   *
   * @param store of earlier measurements
   * @throws BadInput if there are scales and the run's outcome has none
   */
  public RunPath measure(RunStates states, Path store, Progress progress) {
    if (!scales.isEmpty() && !states.scalable()) {
      throw new BadInput("--scales: the run's method has no adapter that can be scaled");
    }
    try (ObservationStore known = ObservationStore.open(store)) {
      Against against =
          new Against(
              asked.probes(),
              new Measurement(known, Decoding.greedy(asked.maxTokens()), progress),
              BaseWriting.drawn(asked, states.base(), known, progress));
      List<RunPath.Stop> stops = new ArrayList<>();
      List<RunState> after = states.all().subList(1, states.all().size());
      for (RunState state : after) {
        List<Double> more = state.equals(after.getLast()) ? scales : List.of();
        stops.addAll(states.in(state, model -> against.stops(state, model, more)));
      }
      return new RunPath(states.model(), states.unread(), stops);
    }
  }

  /** The base with what it is asked and wrote. */
  private record Against(List<Probe> probes, Measurement measurement, BaseWriting written) {
    private List<RunPath.Stop> stops(RunState state, TunedModel model, List<Double> scales) {
      List<RunPath.Stop> stops = new ArrayList<>();
      stops.add(new RunPath.Stop(state, 1, ledger(model)));
      for (double scale : scales) {
        stops.add(new RunPath.Stop(state, scale, ledger(model.scaled(scale))));
      }
      return stops;
    }

    private Ledger ledger(TunedModel after) {
      Ledger ledger =
          Ledger.measure(
              measurement,
              written.before().subject(Progress.none()),
              after.subject(Progress.none()),
              probes);
      return written.along(ledger, after, measurement.store(), measurement.progress());
    }
  }
}
