package dev.palimpsest.compare;

import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.Measurement;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.measure.Share;
import dev.palimpsest.measure.Side;
import dev.palimpsest.measure.Sides;
import dev.palimpsest.measure.Subject;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Sha256;
import dev.palimpsest.tune.Tuner;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Were lost items suppressed or erased? The model after is tuned briefly on one half of them and
 * asked the other; a control is tuned the same way on items that neither side knew. What was only
 * suppressed comes back faster than others are learned (2309.10105, 2501.13453).
 */
public final class RecoveryProbe {
  /** How it is tuned, unless the user says otherwise. */
  private static final Map<String, String> BRIEFLY = Map.of("steps", "20");

  /** What the probe says itself. */
  private static final Set<String> OWN = Set.of("data", "from", "over", "eval", "eval-fraction");

  private final Asked asked;
  private final Bakeoff.Settings settings;
  private final Models models;
  private final Runs runs;
  private final Progress progress;

  /**
   * What is asked.
   *
   * @param job the probes; no texts are written
   * @param tuning options of {@code tune} by their long names, beside the usual ones
   * @param seed of the halves and of the tuning
   */
  public record Asked(Sides sides, LedgerJob job, Map<String, String> tuning, long seed) {
    /** Checks them. */
    public Asked {
      tuning = Map.copyOf(tuning);
      if (sides.after().endpoint().isPresent()) {
        throw new BadInput(sides.after() + ": a model elsewhere cannot be tuned");
      }
      if (!sides.controls().isEmpty()) {
        throw new BadInput("--control: the recovery probe has a control of its own; leave it out");
      }
      tuning.keySet().stream()
          .filter(OWN::contains)
          .findFirst()
          .ifPresent(
              key -> {
                throw new BadInput("--tune " + key + ": the recovery probe says it itself");
              });
    }
  }

  /**
   * Where models come from.
   *
   * @param sides for the ledger
   * @param tuning for the runs
   */
  public record Models(LedgerJob.Models sides, Bakeoff.Models tuning) {}

  /** A probe that keeps its runs in a folder. */
  public RecoveryProbe(Asked asked, Bakeoff.Settings settings, Models models, Tuner.Watch watch) {
    this.asked = asked;
    this.settings = settings;
    this.models = models;
    this.runs = new Runs(settings.cache(), watch);
    this.progress = watch.progress();
  }

  /**
   * Measures, tunes twice and asks.
   *
   * @throws BadInput if too little was lost
   * @throws dev.palimpsest.run.EnvironmentFailure if the user stopped it; the same call goes on
   */
  public RecoveryResult run() {
    check();
    Ledger ledger = asked.job.measure(asked.sides, models.sides, settings.store(), progress);
    RecoveryItems items = RecoveryItems.of(ledger, asked.seed);
    try (LanguageModel model = models.tuning.load(asked.sides.after().model());
        ObservationStore store = ObservationStore.open(settings.store())) {
      Trial trial = new Trial(model, store, items);
      Answers lost = trial.arm("lost", part -> part.lost().shown());
      Answers never = trial.arm("never-known", part -> part.never().shown());
      return new RecoveryResult(
          items.parts().stream().map(RecoveryProbe::counts).toList(),
          items.left(),
          new RecoveryResult.Arm(
              lost.run,
              lost.share(part -> part.lost().shown()),
              lost.share(part -> part.lost().asked())),
          new RecoveryResult.Arm(
              never.run,
              never.share(part -> part.never().shown()),
              never.share(part -> part.never().asked())),
          never.share(part -> part.lost().asked()));
    }
  }

  private static RecoveryResult.Counts counts(RecoveryItems.Part part) {
    return new RecoveryResult.Counts(
        part.probe().name(),
        part.lost().shown().size(),
        part.lost().asked().size(),
        part.never().shown().size(),
        part.never().asked().size());
  }

  /** What an arm had right. */
  private record Answers(String run, RecoveryItems items, Map<String, Set<String>> right) {
    Share share(Function<RecoveryItems.Part, List<ProbeItem>> some) {
      int all = 0;
      for (RecoveryItems.Part part : items.parts()) {
        Set<String> ids = right.getOrDefault(part.probe().name(), Set.of());
        all += (int) some.apply(part).stream().filter(item -> ids.contains(item.id())).count();
      }
      return new Share(all, items.count(some));
    }
  }

  /** Refuses what could not be tuned, before anything is measured. */
  private void check() {
    models.tuning.job(options(settings.out()), asked.sides.after().model(), asked.seed);
    for (Probe probe : asked.job.probes()) {
      if (!probe.ofTexts()) {
        RecoveryRows.of(probe.items(), asked.sides.after().prompting());
      }
    }
  }

  private Map<String, String> options(Path data) {
    Map<String, String> options = new LinkedHashMap<>(BRIEFLY);
    options.putAll(asked.tuning);
    if (options.containsKey("epochs") && !asked.tuning.containsKey("steps")) {
      options.remove("steps");
    }
    options.put("data", data.toAbsolutePath().toString());
    asked.sides.after().adapter().ifPresent(folder -> options.put("from", folder.toString()));
    return options;
  }

  /** The model after, and what is put to its arms. */
  private final class Trial {
    private final LanguageModel model;
    private final ObservationStore store;
    private final RecoveryItems items;

    Trial(LanguageModel model, ObservationStore store, RecoveryItems items) {
      this.model = model;
      this.store = store;
      this.items = items;
    }

    Answers arm(String name, Function<RecoveryItems.Part, List<ProbeItem>> shown) {
      Side after = asked.sides.after();
      List<ProbeItem> rows =
          items.parts().stream().flatMap(part -> shown.apply(part).stream()).toList();
      byte[] data = RecoveryRows.of(rows, after.prompting()).getBytes(StandardCharsets.UTF_8);
      // a run stands for its data: other items have another name
      String called = name + "-" + Sha256.of(data).substring(0, 8);
      Path file = settings.out().resolve(called + ".jsonl");
      AtomicFile.write(file, out -> out.write(data));
      Path run = settings.out().resolve("runs").resolve(called);
      runs.goOn(name);
      runs.train(name, models.tuning.job(options(file), after.model(), asked.seed), model, run);
      TunedModel tuned = TunedModel.with(after.model(), model, run.resolve("adapter"));
      Subject subject = tuned.subject(Progress.none()).prompted(after.prompting());
      return new Answers(run.toString(), items, right(subject));
    }

    private Map<String, Set<String>> right(Subject subject) {
      Measurement measurement =
          new Measurement(store, Decoding.greedy(asked.job.maxTokens()), progress);
      Ledger ledger = Ledger.measure(measurement, subject, subject, probes());
      Map<String, Set<String>> right = new LinkedHashMap<>();
      for (ProbeResult result : ledger.probes()) {
        Set<String> ids = new HashSet<>();
        result.rows().stream().filter(row -> row.after() == 1).map(ItemRow::id).forEach(ids::add);
        right.put(result.probe().name(), ids);
      }
      return right;
    }

    private List<Probe> probes() {
      List<Probe> probes = new ArrayList<>();
      for (RecoveryItems.Part part : items.parts()) {
        List<ProbeItem> all = new ArrayList<>(part.lost().shown());
        all.addAll(part.lost().asked());
        all.addAll(part.never().shown());
        all.addAll(part.never().asked());
        probes.add(part.probe().of(all));
      }
      return probes;
    }
  }
}
