package dev.palimpsest.compare;

import dev.palimpsest.compare.DemoStages.Stage;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Example;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Scorer;
import dev.palimpsest.measure.BaseReplay;
import dev.palimpsest.measure.BaseTexts;
import dev.palimpsest.measure.BuiltInProbes;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerText;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeReader;
import dev.palimpsest.measure.RunState;
import dev.palimpsest.measure.RunStates;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tune.Checkpoints;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.TuneSettings;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * The whole story on real data: two tasks over the airports table, LoRA on each with and without
 * replay written by the base itself, and what each gained and lost.
 */
public final class Demo {
  /** As many as the form arm with replay takes; the facts arm takes fewer. */
  private static final int REPLAY_TEXTS = 60;

  private static final int REPLAY_TOKENS = 64;
  private static final double REPLAY_PERCENT = 20;
  private static final int TEXTS = 24;
  private static final int TEXT_TOKENS = 96;
  private static final int SHOWN_TEXTS = 3;
  private static final int BATCH = 4;
  private static final int STOPS = 2;
  private static final List<Double> SCALES = List.of(0.25, 0.5, 0.75);

  private final LanguageModel model;
  private final Settings settings;
  private final Progress progress;
  private final Consumer<String> tell;
  private final DemoStages stages;

  /**
   * Where and how.
   *
   * @param modelName as the user names it
   * @param airports the table, as PyPI's airportsdata has it
   * @param out folder of tasks, runs and report
   * @param store of measurements
   */
  public record Settings(
      String modelName, Path airports, Path out, Path store, long seed, int threads) {}

  /**
   * A demonstration.
   *
   * @param tell takes each result as it comes, for people
   * @param stages whose clock runs already
   */
  public Demo(
      LanguageModel model,
      Settings settings,
      Progress progress,
      Consumer<String> tell,
      DemoStages stages) {
    this.model = model;
    this.settings = settings;
    this.progress = progress;
    this.tell = tell;
    this.stages = stages;
  }

  /** The tasks, and how each is trained and asked. */
  private enum Task {
    FORM(1, 240, 48),
    /** A city's name is short: what goes on past 16 tokens is wrong however it goes on. */
    FACTS(2, 30 * FactsTask.TRAINED.size(), 16);

    private final int epochs;
    private final int items;
    private final int maxTokens;

    Task(int epochs, int items, int maxTokens) {
      this.epochs = epochs;
      this.items = items;
      this.maxTokens = maxTokens;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Steps between checkpoints: the run without replay has so many stops, its end included. */
    int checkpointEvery() {
      return Math.ceilDiv(epochs * items, BATCH * STOPS);
    }
  }

  /** An arm and its model, while that is needed. */
  private record Tuned(DemoResult.Arm arm, TunedModel model) {}

  /**
   * Runs it all; {@code watch} may stop it between steps, then what is done so far is the result.
   *
   * @throws EnvironmentFailure if it was stopped before the first arm was done
   */
  public DemoResult run(Tuner.Watch watch) {
    Path tasks = settings.out.resolve("tasks");
    stages.time(Stage.TASKS, () -> writeTasks(tasks));
    TunedModel base = TunedModel.base(settings.modelName, model);
    List<Probe> retention = BuiltInProbes.in(settings.out.resolve("probes"));
    try (ObservationStore store = ObservationStore.open(settings.store)) {
      DemoLedgers ledgers = new DemoLedgers(base, retention, store, stages, progress);
      Map<Task, DemoLedgers.TaskProbes> probes = new EnumMap<>(Task.class);
      for (Task task : Task.values()) {
        probes.put(task, probes(task, tasks));
      }
      tellBase(ledgers, retention, probes);
      List<int[]> texts =
          stages.time(
              Stage.TEXTS,
              () -> BaseTexts.sample(model, TEXTS, TEXT_TOKENS, new Seeds(settings.seed)));
      Path replay = stages.time(Stage.TEXTS, this::writeReplay);
      List<Tuned> arms = new ArrayList<>();
      for (Task task : Task.values()) {
        for (Optional<Path> mixed : List.of(Optional.<Path>empty(), Optional.of(replay))) {
          if (!watch.cancellation().requested()) {
            Arm arm = new Arm(task, tasks, mixed, Objects.requireNonNull(probes.get(task)));
            arm(arm, ledgers, texts, watch).ifPresent(arms::add);
          }
        }
      }
      if (arms.isEmpty()) {
        throw new EnvironmentFailure("stopped before the first run was done: nothing to report");
      }
      List<DemoResult.Point> dial =
          dial(ledgers, arms.getFirst().model, Objects.requireNonNull(probes.get(Task.FORM)));
      List<DemoResult.Text> shown =
          stages.time(Stage.TOKENS, () -> texts(base, arms, texts.subList(0, shown(texts))));
      return new DemoResult(
          settings.modelName,
          arms.stream().map(Tuned::arm).toList(),
          dial,
          shown,
          stages.costs(),
          facts());
    }
  }

  private List<Path> writeTasks(Path folder) {
    return DemoTasks.write(
        settings.airports,
        folder,
        new FormTask.Sizes(Task.FORM.items, 14, 25),
        new FactsTask.Sizes(Task.FACTS.items / FactsTask.TRAINED.size(), 30, 10),
        settings.seed);
  }

  private static DemoLedgers.TaskProbes probes(Task task, Path tasks) {
    ProbeReader reader = new ProbeReader();
    return new DemoLedgers.TaskProbes(
        reader.read(tasks.resolve(task.word() + "-heldout.jsonl"), ProbeKind.GAIN),
        reader.read(tasks.resolve(task.word() + "-dev.jsonl"), ProbeKind.GAIN),
        task.maxTokens);
  }

  /** What the base can do, each number as soon as it is there. */
  private void tellBase(
      DemoLedgers ledgers, List<Probe> retention, Map<Task, DemoLedgers.TaskProbes> probes) {
    retention.forEach(probe -> tell(probe, ledgers.base(probe, 1)));
    probes.forEach(
        (task, asked) -> tell(asked.heldOut(), ledgers.base(asked.heldOut(), asked.maxTokens())));
  }

  private void tell(Probe probe, Outcome outcome) {
    tell.accept(
        String.format(
            Locale.ROOT,
            "%s, untrained: %-14s %.3f of %d items right (%.0f s after the start)",
            settings.modelName,
            probe.name(),
            outcome.before(),
            outcome.n(),
            stages.seconds()));
  }

  /** What an arm is made from. */
  private record Arm(Task task, Path tasks, Optional<Path> replay, DemoLedgers.TaskProbes probes) {
    String name() {
      return task.word() + (replay.isPresent() ? "-lora-replay" : "-lora");
    }
  }

  /** Trains and measures an arm; empty if it was stopped. */
  private Optional<Tuned> arm(Arm arm, DemoLedgers ledgers, List<int[]> texts, Tuner.Watch watch) {
    Path run = settings.out.resolve("runs").resolve(arm.name());
    Tuner.Result result = stages.time(Stage.TRAINING, () -> job(arm).run(model, run, watch));
    if (!result.finished()) {
      return Optional.empty();
    }
    String name = settings.modelName + "+" + arm.name();
    TunedModel after = TunedModel.with(name, model, run.resolve("adapter"));
    Ledger ledger = ledgers.full(after, arm.probes, texts);
    tell.accept(
        String.format(
            Locale.ROOT,
            "%n%s: %,d tokens in %.0f s, loss %.3f%n%s",
            arm.name(),
            result.trainedTokens(),
            result.seconds(),
            result.trainLoss(),
            LedgerText.of(ledger)));
    List<DemoResult.Point> path = path(ledgers, arm, run);
    return Optional.of(
        new Tuned(new DemoResult.Arm(arm.name(), arm.task.word(), ledger, result, path), after));
  }

  /** The checkpoints, which go once they are measured, and the end. */
  private List<DemoResult.Point> path(DemoLedgers ledgers, Arm arm, Path run) {
    List<DemoResult.Point> path = new ArrayList<>();
    RunStates states = RunStates.of(run, model);
    for (RunState state : states.all().subList(1, states.all().size())) {
      String at = "step " + state.step();
      path.add(states.in(state, then -> ledgers.point(at, then, arm.probes)));
    }
    Checkpoints.remove(run);
    return path;
  }

  private static List<DemoResult.Point> dial(
      DemoLedgers ledgers, TunedModel tuned, DemoLedgers.TaskProbes probes) {
    List<DemoResult.Point> dial = new ArrayList<>();
    for (double scale : SCALES) {
      dial.add(ledgers.point("scale " + scale, tuned.scaled(scale), probes));
    }
    dial.add(ledgers.point("scale 1", tuned, probes));
    return dial;
  }

  private TuneJob job(Arm arm) {
    return new TuneJob(
        settings.modelName,
        DataSpec.of(arm.tasks.resolve(arm.task.word() + "-train.jsonl")),
        Optional.empty(),
        0,
        arm.replay.map(file -> new TuneJob.Replay(file, REPLAY_PERCENT)),
        new LowRank("lora", 16, 32, "all-linear"),
        new TuneSettings(
            BATCH,
            1,
            1e-3,
            Schedule.LINEAR,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.empty(), arm.task.epochs),
            new TuneSettings.Saving(arm.task.checkpointEvery(), 0, 0),
            settings.seed),
        model.decoder().precision(),
        settings.threads);
  }

  /** Text that the base writes by itself, as training data; other draws than the ledger's. */
  private Path writeReplay() {
    Path file = settings.out.resolve("replay.jsonl");
    new BaseReplay(REPLAY_TEXTS, REPLAY_TOKENS, settings.seed).write(file, model);
    return file;
  }

  private static int shown(List<int[]> texts) {
    return Math.min(SHOWN_TEXTS, texts.size());
  }

  /** The first task's arms along what the base wrote. */
  private List<DemoResult.Text> texts(TunedModel base, List<Tuned> arms, List<int[]> written) {
    List<Example> examples = new ArrayList<>();
    for (int[] ids : written) {
      boolean[] label = new boolean[ids.length];
      Arrays.fill(label, 1, label.length, true);
      examples.add(new Example("text", ids, label));
    }
    List<Scorer.Scores> before = new Scorer(base.decoder(), Progress.none()).score(examples);
    List<DemoResult.Text> texts = new ArrayList<>();
    for (Tuned arm : arms.subList(0, Math.min(2, arms.size()))) {
      List<Scorer.Scores> after = new Scorer(arm.model.decoder(), Progress.none()).score(examples);
      for (int i = 0; i < written.size(); i++) {
        texts.add(
            new DemoResult.Text(
                arm.arm.name(),
                tokens(written.get(i)),
                doubles(before.get(i)),
                doubles(after.get(i))));
      }
    }
    return texts;
  }

  private List<String> tokens(int[] ids) {
    List<String> tokens = new ArrayList<>(ids.length);
    for (int id : ids) {
      tokens.add(model.tokenizer().decode(new int[] {id}));
    }
    return tokens;
  }

  private static List<Double> doubles(Scorer.Scores scores) {
    List<Double> values = new ArrayList<>();
    for (float logprob : scores.logprobs()) {
      values.add((double) logprob);
    }
    return values;
  }

  private Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("base", settings.modelName + ", weights sha256 " + model.fingerprint());
    facts.put("precision", model.decoder().precision().name().toLowerCase(Locale.ROOT));
    facts.put("threads", String.valueOf(settings.threads));
    facts.put("seed", String.valueOf(settings.seed));
    facts.put(
        "adapter", "LoRA r=16, alpha 32, all linear layers, AdamW 1e-3 falling to 0, batch 4");
    facts.put("epochs", "form 1, facts 2");
    facts.put(
        "longest answer", "form " + Task.FORM.maxTokens + " tokens, facts " + Task.FACTS.maxTokens);
    facts.put(
        "replay",
        REPLAY_PERCENT
            + " % of the items are texts of at most "
            + REPLAY_TOKENS
            + " tokens that the base wrote from BOS at temperature 1");
    facts.put("java", Runtime.version().toString());
    facts.put("seconds in all", String.format(Locale.ROOT, "%.0f", stages.seconds()));
    return facts;
  }
}
