package dev.palimpsest.compare;

import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.generate.Prompting;
import dev.palimpsest.measure.BaseWriting;
import dev.palimpsest.measure.BuiltInProbes;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.Measurement;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeReader;
import dev.palimpsest.measure.RemoteSubject;
import dev.palimpsest.measure.Subject;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/**
 * Runs a plan: trains what is to be trained, and puts the same items to every arm. What was done
 * before stands: finished runs in the folder, unfinished ones, which go on, and answers in the
 * store.
 */
public final class Bakeoff {
  private final Plan plan;
  private final Settings settings;
  private final Models models;
  private final Tuner.Watch watch;
  private final Runs runs;

  /**
   * Where a bake-off keeps things.
   *
   * @param out folder of the runs
   * @param store of measurements
   * @param cache of probes and texts that the model writes
   */
  public record Settings(Path out, Path store, Path cache) {
    /** Refuses a file in the place of the folder. */
    public Settings {
      if (Files.exists(out) && !Files.isDirectory(out)) {
        throw new BadInput("--out " + out + ": is a file; give a folder");
      }
    }
  }

  /** Where models and jobs come from. */
  public interface Models {
    /** The plan's model, which the caller of this closes. */
    LanguageModel load(String name);

    /** The model of a job, in the job's precision. */
    LanguageModel load(TuneJob job);

    /** A model's own folder, which a full tuning wrote, in the precision of its job. */
    LanguageModel load(Path folder, TuneJob job);

    /**
     * A model behind an API, which the caller of this closes.
     *
     * @param store of what it answered before
     */
    RemoteSubject remote(Endpoint endpoint, ObservationStore store);

    /**
     * A job by options of {@code tune}.
     *
     * @throws BadInput if there is no such option, or a value is wrong
     */
    TuneJob job(Map<String, String> options, String model, long seed);
  }

  /** A bake-off. */
  public Bakeoff(Plan plan, Settings settings, Models models, Tuner.Watch watch) {
    this.plan = plan;
    this.settings = settings;
    this.models = models;
    this.watch = watch;
    this.runs = new Runs(settings.cache, watch);
  }

  /** An arm under one seed, before anything is loaded. */
  private record Entry(
      Plan.Arm arm, Prompting prompting, OptionalLong seed, Optional<TuneJob> job) {
    String name() {
      return arm.name() + (seed.isPresent() ? "-seed" + seed.getAsLong() : "");
    }
  }

  /**
   * Runs it all.
   *
   * @throws EnvironmentFailure if the user stopped it; the same call goes on
   */
  public Comparison run() {
    return run(_ -> {});
  }

  /**
   * Runs it all, every arm's first seed before any second one.
   *
   * @param soFar takes what is done after each run; an arm of which nothing is done is left out
   */
  public Comparison run(Consumer<Comparison> soFar) {
    List<Probe> probes = probes();
    List<List<Entry>> entries = plan.arms().stream().map(this::entries).toList();
    List<List<Comparison.Run>> runs =
        entries.stream().<List<Comparison.Run>>map(_ -> new ArrayList<>()).toList();
    try (LanguageModel base = models.load(plan.model());
        ObservationStore store = ObservationStore.open(settings.store)) {
      Contest contest = new Contest(base, probes, store);
      contest.reference(
          entries.stream()
              .map(List::getFirst)
              .filter(entry -> entry.arm.name().equals(plan.reference()))
              .findFirst()
              .orElseThrow());
      int rounds = entries.stream().mapToInt(List::size).max().orElse(0);
      for (int round = 0; round < rounds; round++) {
        for (int arm = 0; arm < entries.size(); arm++) {
          if (round < entries.get(arm).size()) {
            runs.get(arm).add(contest.run(entries.get(arm).get(round)));
            soFar.accept(comparison(runs));
          }
        }
      }
    }
    return comparison(runs);
  }

  private Comparison comparison(List<List<Comparison.Run>> runs) {
    List<Comparison.Arm> arms = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      if (!runs.get(i).isEmpty()) {
        arms.add(new Comparison.Arm(plan.arms().get(i), runs.get(i)));
      }
    }
    return new Comparison(plan, arms);
  }

  private List<Probe> probes() {
    ProbeReader reader = new ProbeReader();
    List<Probe> probes = new ArrayList<>();
    plan.gain().forEach(file -> probes.add(reader.read(file, ProbeKind.GAIN)));
    plan.retention().forEach(file -> probes.add(reader.read(file, ProbeKind.RETENTION)));
    if (plan.builtIn()) {
      probes.addAll(BuiltInProbes.in(settings.cache.resolve("probes")));
    }
    return probes;
  }

  private List<Entry> entries(Plan.Arm arm) {
    Prompting prompting = prompting(arm);
    if (!(arm.change() instanceof Plan.Change.Tuned tuned)) {
      return List.of(new Entry(arm, prompting, OptionalLong.empty(), Optional.empty()));
    }
    List<Entry> entries = new ArrayList<>();
    for (long seed : plan.seeds()) {
      TuneJob job;
      try {
        job = models.job(tuned.options(), plan.model(), seed);
      } catch (BadInput e) {
        throw new BadInput("arm " + arm.name() + ": " + e.getMessage(), e);
      }
      entries.add(new Entry(arm, prompting, OptionalLong.of(seed), Optional.of(job)));
    }
    return entries;
  }

  private static Prompting prompting(Plan.Arm arm) {
    try {
      return Prompting.of(arm.system(), arm.examples());
    } catch (BadInput e) {
      throw new BadInput("arm " + arm.name() + ": " + e.getMessage(), e);
    }
  }

  /** An arm in memory. */
  private record Contender(
      Subject subject,
      Optional<TunedModel> tuned,
      Timed timed,
      Optional<Tuner.Result> training,
      Runnable end)
      implements AutoCloseable {
    @Override
    public void close() {
      end.run();
    }
  }

  /** How an arm's speed is measured. */
  private interface Timed {
    Speed of(List<Prompt> prompts);
  }

  /** What all arms share. */
  private final class Contest {
    private final LanguageModel base;
    private final List<Probe> probes;
    private final ObservationStore store;
    private Optional<Subject> reference = Optional.empty();

    Contest(LanguageModel base, List<Probe> probes, ObservationStore store) {
      this.base = base;
      this.probes = probes;
      this.store = store;
    }

    /** Asks the arm that others are told against; from then on the store answers for it. */
    void reference(Entry entry) {
      try (Contender contender = open(entry)) {
        reference = Optional.of(contender.subject);
        ledger(contender.subject, entry);
      }
    }

    Comparison.Run run(Entry entry) {
      try (Contender contender = open(entry)) {
        return new Comparison.Run(
            entry.seed,
            along(ledger(contender.subject, entry), contender, entry),
            speed(contender),
            contender.training);
      }
    }

    private Ledger ledger(Subject subject, Entry entry) {
      runs.goOn("the next arm");
      Progress progress = watch.progress();
      progress.report(entry.name(), 0, 1, "arms");
      return Ledger.measure(
          new Measurement(store, Decoding.greedy(plan.maxTokens()), progress),
          reference.orElseThrow(),
          subject,
          entry.arm.change() instanceof Plan.Change.Remote ? answerable(entry) : probes);
    }

    /** An endpoint tells no likelihood of an answer in a conversation. */
    private List<Probe> answerable(Entry entry) {
      List<Probe> some =
          probes.stream()
              .filter(probe -> probe.items().stream().allMatch(ProbeItem.Ask.class::isInstance))
              .toList();
      if (some.isEmpty()) {
        throw new BadInput(
            "arm "
                + entry.arm.name()
                + ": no probe asks for answers alone, and an endpoint tells no likelihoods");
      }
      return some;
    }

    /** With how far an arm lies from the base, whatever the reference is, if it changes weights. */
    private Ledger along(Ledger ledger, Contender contender, Entry entry) {
      return entry.arm.change() instanceof Plan.Change.None
          ? ledger
          : contender
              .tuned
              .map(after -> written().along(ledger, after, store, watch.progress()))
              .orElse(ledger);
    }

    /** Drawn for the first arm that changes weights; from then on the store has it. */
    private BaseWriting written() {
      return BaseWriting.texts(
          TunedModel.base(plan.model(), base),
          new BaseWriting.Asked(plan.sizes().texts(), LedgerJob.TEXT_TOKENS, 0),
          store,
          watch.progress());
    }

    private Optional<Speed> speed(Contender contender) {
      List<Prompt> prompts = new ArrayList<>();
      for (Probe probe : probes) {
        for (ProbeItem item : probe.items()) {
          if (item instanceof ProbeItem.Ask ask && prompts.size() < plan.sizes().timed()) {
            prompts.add(ask.prompt());
          }
        }
      }
      return prompts.isEmpty() ? Optional.empty() : Optional.of(contender.timed.of(prompts));
    }

    private Speed speed(Answerer answerer, List<Prompt> prompts, ToIntFunction<Prompt> length) {
      return Speed.measure(answerer, prompts, plan.maxTokens(), length, watch.nanoTime());
    }

    private Contender open(Entry entry) {
      runs.goOn("the next arm");
      return switch (entry.arm.change()) {
        case Plan.Change.None none ->
            contender(entry, TunedModel.base(plan.model(), base), Optional.empty());
        case Plan.Change.Adapted adapted ->
            contender(
                entry, TunedModel.with(plan.model(), base, adapted.adapter()), Optional.empty());
        case Plan.Change.Remote remote -> contender(entry, models.remote(remote.endpoint(), store));
        case Plan.Change.Tuned tuned -> tuned(entry, entry.job.orElseThrow());
      };
    }

    /** An arm whose own model, if it has one, is closed with it. */
    private Contender contender(Entry entry, TunedModel model, Optional<Tuner.Result> training) {
      Subject subject = model.subject(Progress.none()).prompted(entry.prompting);
      return new Contender(
          subject,
          Optional.of(model),
          prompts ->
              speed(
                  subject.answerer().get(),
                  prompts,
                  prompt -> model.model().promptIds(entry.prompting.before(prompt)).length),
          training,
          model.model() == base ? () -> {} : model.model()::close);
    }

    /** An arm elsewhere, whose speed is kept as its answers are: asking costs. */
    private Contender contender(Entry entry, RemoteSubject remote) {
      return new Contender(
          remote.subject().prompted(entry.prompting),
          Optional.empty(),
          prompts ->
              remote.measured(
                  "speed, %d tokens, %s"
                      .formatted(
                          plan.maxTokens(), prompts.stream().map(entry.prompting::before).toList()),
                  Speed.class,
                  () ->
                      speed(
                          entry.prompting.over(remote.answerer().unremembering()),
                          prompts,
                          prompt -> remote.answerer().length(entry.prompting.before(prompt)))),
          Optional.empty(),
          remote::close);
    }

    private Contender tuned(Entry entry, TuneJob job) {
      Path run = settings.out.resolve("runs").resolve(entry.name());
      boolean shared = job.precision() == base.decoder().precision();
      LanguageModel loaded = shared ? base : models.load(job);
      boolean kept = shared;
      try {
        Optional<Tuner.Result> result = Optional.of(runs.train(entry.name(), job, loaded, run));
        if (Files.isDirectory(run.resolve("model"))) {
          LanguageModel own = models.load(run.resolve("model"), job);
          return contender(entry, TunedModel.base(entry.name(), own), result);
        }
        TunedModel after = TunedModel.with(plan.model(), loaded, run.resolve("adapter"));
        Contender made = contender(entry, after, result);
        kept = true;
        return made;
      } finally {
        if (!kept) {
          loaded.close();
        }
      }
    }
  }
}
