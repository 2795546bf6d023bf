package dev.palimpsest.compare;

import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.BuiltInProbes;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.Measurement;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeReader;
import dev.palimpsest.measure.Subject;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Orthogonal;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Learns tasks one after the other, and puts the items of all of them to every stage. Runs are kept
 * by seed and by the tasks so far, so courses that begin alike share them.
 */
public final class Sequence {
  private final SequencePlan plan;
  private final Bakeoff.Settings settings;
  private final Bakeoff.Models models;
  private final Runs runs;

  /** A sequence. */
  public Sequence(
      SequencePlan plan, Bakeoff.Settings settings, Bakeoff.Models models, Tuner.Watch watch) {
    this.plan = plan;
    this.settings = settings;
    this.models = models;
    this.runs = new Runs(settings.cache(), watch);
  }

  /**
   * Runs it all.
   *
   * @throws dev.palimpsest.run.EnvironmentFailure if the user stopped it; the same call goes on
   */
  public SequenceResult run() {
    List<Probe> probes = probes();
    List<SequenceResult.Course> courses = new ArrayList<>();
    try (LanguageModel base = models.load(checked());
        ObservationStore store = ObservationStore.open(settings.store())) {
      Stages stages = new Stages(base, probes, store);
      for (List<String> order : plan.orders()) {
        for (long seed : plan.seeds()) {
          courses.add(stages.course(order, seed));
        }
      }
    }
    return new SequenceResult(plan, courses);
  }

  private List<Probe> probes() {
    ProbeReader reader = new ProbeReader();
    List<Probe> probes = new ArrayList<>();
    for (SequencePlan.Task task : plan.tasks()) {
      Probe read = reader.read(task.gain(), ProbeKind.GAIN);
      if (read.ofTexts()) {
        throw new BadInput(task.gain() + ": a task's probe has items that are right or wrong");
      }
      probes.add(read.named(task.name()));
    }
    plan.retention().forEach(file -> probes.add(reader.read(file, ProbeKind.RETENTION)));
    if (plan.builtIn()) {
      probes.addAll(BuiltInProbes.in(settings.cache().resolve("probes")));
    }
    Set<String> names = new HashSet<>();
    for (Probe probe : probes) {
      if (!names.add(probe.name())) {
        throw new BadInput("probe " + probe.name() + " is there twice: rename a task or a file");
      }
    }
    return probes;
  }

  /** A job of the sequence, once all of them are known to make sense together. */
  private TuneJob checked() {
    List<TuneJob> jobs = new ArrayList<>();
    for (SequencePlan.Task task : plan.tasks()) {
      TuneJob job = job(task, begun(task), plan.seeds().getFirst());
      if (!(job.method() instanceof LowRank)) {
        throw new BadInput(
            "task "
                + task.name()
                + ": --method "
                + job.method().method()
                + " makes no LoRA adapter");
      }
      jobs.add(job);
    }
    if (jobs.stream().map(TuneJob::precision).distinct().count() > 1) {
      throw new BadInput("the tasks ask for several --dtype: one model goes through all of them");
    }
    return jobs.getFirst();
  }

  private TuneJob job(SequencePlan.Task task, Map<String, String> options, long seed) {
    try {
      return models.job(options, plan.model(), seed);
    } catch (BadInput e) {
      throw new BadInput("task " + task.name() + ": " + e.getMessage(), e);
    }
  }

  /** The options of a first stage. */
  private static Map<String, String> begun(SequencePlan.Task task) {
    Map<String, String> options = new HashMap<>(task.options());
    options.remove(SequenceReader.WEIGHT);
    return options;
  }

  /** The options of a stage that goes on with an adapter. */
  private Map<String, String> onwards(SequencePlan.Task task, Path adapter, Precision precision) {
    Map<String, String> options = new HashMap<>(task.options());
    switch (plan.mode()) {
      case SAME -> {
        options.keySet().removeAll(SequenceReader.FORM); // the adapter has it
        options.putIfAbsent("dtype", precision.name()); // which a method may have chosen
        if ("lora+".equals(task.options().get("method"))) {
          options.put("method", "lora+");
        }
        options.put("from", adapter.toString());
      }
      case STACKED -> options.put("over", adapter.toString());
      case ORTHOGONAL -> apart(options, adapter, Orthogonal.By.PENALTY);
      case PROJECTED -> apart(options, adapter, Orthogonal.By.PROJECTION);
      case FRESH -> {}
    }
    return options;
  }

  private static void apart(Map<String, String> options, Path adapter, Orthogonal.By by) {
    options.put("over", adapter.toString());
    options.put("orthogonal-to", adapter.toString());
    options.put("orthogonal-by", by.name().toLowerCase(Locale.ROOT));
  }

  /** What all courses share. */
  private final class Stages {
    private final LanguageModel base;
    private final List<Probe> probes;
    private final ObservationStore store;

    Stages(LanguageModel base, List<Probe> probes, ObservationStore store) {
      this.base = base;
      this.probes = probes;
      this.store = store;
    }

    SequenceResult.Course course(List<String> order, long seed) {
      List<SequenceResult.Stage> stages = new ArrayList<>();
      Optional<Path> adapter = Optional.empty();
      for (int i = 0; i < order.size(); i++) {
        runs.goOn("the next stage");
        List<String> learned =
            plan.mode() == SequencePlan.Mode.FRESH
                ? order.subList(i, i + 1)
                : order.subList(0, i + 1);
        String name = "seed" + seed + "." + String.join(".", learned);
        Path run = settings.out().resolve("runs").resolve(name);
        SequencePlan.Task task = plan.task(order.get(i));
        Map<String, String> options =
            adapter
                .map(before -> onwards(task, before, base.decoder().precision()))
                .orElseGet(() -> begun(task));
        TuneJob job = job(task, options, seed);
        Tuner.Result training = runs.train(name, job, base, run);
        adapter = Optional.of(run.resolve("adapter"));
        stages.add(new SequenceResult.Stage(order.get(i), ledger(name, adapter.get()), training));
      }
      return new SequenceResult.Course(seed, stages);
    }

    private Ledger ledger(String name, Path adapter) {
      Progress progress = runs.watch().progress();
      progress.report(name, 0, 1, "stages");
      Subject before = TunedModel.base(plan.model(), base).subject(Progress.none());
      Subject after = TunedModel.with(plan.model(), base, adapter).subject(Progress.none());
      Measurement measurement = new Measurement(store, Decoding.greedy(plan.maxTokens()), progress);
      Ledger ledger = Ledger.measure(measurement, before, after, probes);
      ledger.skipped().stream()
          .filter(each -> each.kind() == ProbeKind.GAIN)
          .findFirst()
          .ifPresent(
              each -> {
                throw new BadInput(
                    "task " + each.probe() + ": items cannot be graded here, " + each.reason());
              });
      return ledger;
    }
  }
}
