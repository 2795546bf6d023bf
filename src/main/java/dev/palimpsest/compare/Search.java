package dev.palimpsest.compare;

import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.BuiltInProbes;
import dev.palimpsest.measure.Half;
import dev.palimpsest.measure.HeldOutLoss;
import dev.palimpsest.measure.Measurement;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeReader;
import dev.palimpsest.measure.RunState;
import dev.palimpsest.measure.RunStates;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the setting with the most gain whose loss stays under the user's limits: first what can be
 * dialled without training again, the adapter's scale and the run's checkpoints; while nothing of
 * that is allowed, further runs. Choice and report share no items.
 */
public final class Search {
  private final SearchPlan plan;
  private final Bakeoff.Settings settings;
  private final LanguageModel base;
  private final Tuner.Watch watch;

  /** A search over a model that is loaded in its job's precision. */
  public Search(SearchPlan plan, Bakeoff.Settings settings, LanguageModel base, Tuner.Watch watch) {
    this.plan = plan;
    this.settings = settings;
    this.base = base;
    this.watch = watch;
  }

  /**
   * Runs it all; what was done before stands.
   *
   * @throws dev.palimpsest.run.EnvironmentFailure if the user stopped it; the same call goes on
   */
  public SearchResult run() {
    Examination examination = examination();
    SearchFolder folder = SearchFolder.begin(settings.out(), plan);
    Runs runs = new Runs(settings.cache(), watch);
    List<SearchPlan.Run> asked = plan.runs();
    List<SearchResult.Tried> tried = new ArrayList<>();
    try (ObservationStore store = ObservationStore.open(settings.store())) {
      Measurement measurement =
          new Measurement(store, Decoding.greedy(plan.maxTokens()), watch.progress());
      for (int i = 0; i < asked.size() && SearchResult.best(tried).isEmpty(); i++) {
        runs.goOn("the next run");
        String name =
            "run %d of at most %d, %s".formatted(i + 1, asked.size(), asked.get(i).words());
        watch.progress().report(name, 0, 1, "runs");
        folder.trained(
            i + 1, run -> runs.train(name, asked.get(run - 1).job(), base, folder.run(run)));
        tried.addAll(settings(i + 1, asked.get(i), folder.run(i + 1), examination, measurement));
      }
      Optional<SearchResult.Chosen> chosen =
          SearchResult.best(tried)
              .map(
                  best ->
                      new SearchResult.Chosen(
                          best, report(best, folder, examination, measurement)));
      SearchResult result =
          new SearchResult(settings.out(), plan, examination.limits(), tried, chosen);
      chosen.ifPresent(taken -> folder.take(taken.tried(), base));
      folder.finish(result);
      return result;
    }
  }

  private Examination examination() {
    Map<String, Double> limits = new LinkedHashMap<>();
    List<Probe> kept = new ArrayList<>();
    for (Limit limit : plan.limits()) {
      for (Probe probe : BuiltInProbes.retention(limit.probe(), settings.cache())) {
        if (limits.put(probe.name(), limit.margin()) != null) {
          throw new BadInput("--keep: probe " + probe.name() + " has two limits: rename a file");
        }
        kept.add(probe);
      }
    }
    Optional<Probe> gain = plan.gain().map(file -> new ProbeReader().read(file, ProbeKind.GAIN));
    if (gain.isPresent() && limits.containsKey(gain.get().name())) {
      throw new BadInput("probe " + gain.get().name() + " is to be gained and kept: rename a file");
    }
    Optional<HeldOutLoss> heldOut =
        gain.isPresent() ? Optional.empty() : Optional.of(HeldOutLoss.of(plan.job().heldOut(base)));
    return Examination.of(gain, heldOut, kept, limits);
  }

  /** The run's adapter at each scale, then its checkpoints, the last first. */
  private List<SearchResult.Tried> settings(
      int number,
      SearchPlan.Run asked,
      Path run,
      Examination examination,
      Measurement measurement) {
    RunStates states = RunStates.of(run, base);
    TunedModel before = TunedModel.base(plan.job().model(), base);
    List<SearchResult.Tried> tried = new ArrayList<>();
    int every = plan.job().settings().saving().checkpointEvery();
    for (RunState state : states.all().subList(1, states.all().size()).reversed()) {
      if (!tried.isEmpty() && state.step() % every != 0) {
        continue; // saved because somebody stopped the run there
      }
      boolean dialled = tried.isEmpty() && SearchFolder.scalable(run);
      states.in(
          state,
          model -> {
            for (double scale : dialled ? SearchPlan.SCALES : List.of(1.0)) {
              TunedModel after = scale == 1 ? model : model.scaled(scale);
              Reading reading = examination.read(Half.SELECTION, measurement, before, after);
              boolean allowed =
                  reading.within(examination.limits(), plan.by()) && reading.gain() > 0;
              tried.add(
                  new SearchResult.Tried(
                      number, asked.words(), state.name(), state.step(), scale, reading, allowed));
            }
            return true;
          });
    }
    return tried;
  }

  private Reading report(
      SearchResult.Tried best,
      SearchFolder folder,
      Examination examination,
      Measurement measurement) {
    RunStates states = RunStates.of(folder.run(best.number()), base);
    RunState state =
        states.all().stream()
            .filter(each -> each.name().equals(best.state()))
            .findFirst()
            .orElseThrow();
    TunedModel before = TunedModel.base(plan.job().model(), base);
    return states.in(
        state,
        model ->
            examination.read(
                Half.REPORT,
                measurement,
                before,
                best.scale() == 1 ? model : model.scaled(best.scale())));
  }
}
