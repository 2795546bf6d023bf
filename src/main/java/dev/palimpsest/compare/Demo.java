package dev.palimpsest.compare;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Example;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Scorer;
import dev.palimpsest.measure.BaseTexts;
import dev.palimpsest.measure.BuiltInProbes;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.LedgerText;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeReader;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.TuneSettings;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * The whole story on real data: two tasks over the airports table, LoRA on each with and without
 * replay written by the base itself, and what each gained and lost.
 */
public final class Demo {
  private static final int REPLAY_TEXTS = 80;
  private static final int REPLAY_TOKENS = 64;
  private static final double REPLAY_PERCENT = 20;
  private static final int MOST_ANSWER_TOKENS = 48;
  private static final List<Double> SCALES = List.of(0.0, 0.25, 0.5, 0.75, 1.0);
  private static final int DIAL_ITEMS = 100;

  private final LanguageModel model;
  private final Settings settings;
  private final Progress progress;
  private final Consumer<String> tell;

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
   */
  public Demo(LanguageModel model, Settings settings, Progress progress, Consumer<String> tell) {
    this.model = model;
    this.settings = settings;
    this.progress = progress;
    this.tell = tell;
  }

  private enum Task {
    FORM(1),
    FACTS(2);

    private final int epochs;

    Task(int epochs) {
      this.epochs = epochs;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Runs it all; {@code watch} may stop it between steps. */
  public DemoResult run(Tuner.Watch watch) {
    long start = watch.nanoTime().getAsLong();
    Path tasks = settings.out.resolve("tasks");
    DemoTasks.write(
        settings.airports,
        tasks,
        new FormTask.Sizes(240, 14, 25),
        new FactsTask.Sizes(30, 30, 10),
        settings.seed);
    TunedModel base = TunedModel.base(settings.modelName, model);
    List<Probe> retention = BuiltInProbes.in(settings.out.resolve("probes"));
    Path replay = writeReplay();
    List<DemoResult.Arm> arms = new ArrayList<>();
    List<TunedModel> tuned = new ArrayList<>();
    for (Task task : Task.values()) {
      List<Probe> probes = new ArrayList<>();
      Path heldOut = tasks.resolve(task.word() + "-heldout.jsonl");
      probes.add(new ProbeReader().read(heldOut, ProbeKind.GAIN));
      probes.addAll(retention);
      for (Optional<Path> mixed : List.of(Optional.<Path>empty(), Optional.of(replay))) {
        String name = task.word() + (mixed.isPresent() ? "-lora-replay" : "-lora");
        Path run = settings.out.resolve("runs").resolve(name);
        Tuner.Result result = job(task, tasks, mixed).run(model, run, watch);
        TunedModel after =
            TunedModel.with(settings.modelName + "+" + name, model, run.resolve("adapter"));
        LedgerJob ledgerJob = new LedgerJob(probes, MOST_ANSWER_TOKENS, 24, 96, settings.seed);
        Ledger ledger = ledgerJob.measure(base, after, settings.store, progress);
        tell.accept(
            String.format(
                Locale.ROOT,
                "%n%s: %,d tokens in %.0f s, loss %.3f%n%s",
                name,
                result.trainedTokens(),
                result.seconds(),
                result.trainLoss(),
                LedgerText.of(ledger)));
        arms.add(new DemoResult.Arm(name, task.word(), ledger, result));
        tuned.add(after);
      }
    }
    List<DemoResult.Point> dial = dial(base, tuned.getFirst(), tasks, retention);
    List<DemoResult.Text> texts = texts(base, tuned.get(0), tuned.get(1));
    double seconds = (watch.nanoTime().getAsLong() - start) / 1e9;
    return new DemoResult(settings.modelName, arms, dial, texts, facts(seconds));
  }

  private TuneJob job(Task task, Path tasks, Optional<Path> replay) {
    return new TuneJob(
        settings.modelName,
        DataSpec.of(tasks.resolve(task.word() + "-train.jsonl")),
        Optional.empty(),
        0,
        replay.map(file -> new TuneJob.Replay(file, REPLAY_PERCENT)),
        new TuneJob.Lora("lora", 16, 32, "all-linear"),
        new TuneSettings(
            4,
            1,
            1e-3,
            Schedule.LINEAR,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.empty(), task.epochs),
            new TuneSettings.Saving(0, 0, 0),
            settings.seed),
        model.decoder().precision(),
        settings.threads);
  }

  /** Text that the base writes by itself, as training data; other draws than the ledger's. */
  private Path writeReplay() {
    Path file = settings.out.resolve("replay.jsonl");
    StringBuilder lines = new StringBuilder();
    Seeds seeds = new Seeds(new Seeds(settings.seed).seed("replay"));
    for (int[] ids : BaseTexts.sample(model, REPLAY_TEXTS, REPLAY_TOKENS, seeds)) {
      lines.append(Json.write(Map.of("text", model.tokenizer().decode(ids)))).append('\n');
    }
    AtomicFile.write(file, lines.toString());
    return file;
  }

  private List<DemoResult.Point> dial(
      TunedModel base, TunedModel tuned, Path tasks, List<Probe> retention) {
    List<ProbeItem> some = new ArrayList<>();
    for (Probe probe : retention) {
      List<ProbeItem> items = probe.items();
      int share = DIAL_ITEMS / retention.size();
      for (int i = 0; i < share; i++) {
        ProbeItem.Choose item = (ProbeItem.Choose) items.get(i * items.size() / share);
        some.add(
            new ProbeItem.Choose(
                probe.name() + "-" + item.id(),
                item.slice(),
                item.prompt(),
                item.choices(),
                item.answer()));
      }
    }
    Probe gain = new ProbeReader().read(tasks.resolve("form-dev.jsonl"), ProbeKind.GAIN);
    Probe kept = new Probe("dial", ProbeKind.RETENTION, settings.out, some);
    LedgerJob job = new LedgerJob(List.of(gain, kept), MOST_ANSWER_TOKENS, 0, 0, settings.seed);
    List<DemoResult.Point> points = new ArrayList<>();
    for (double scale : SCALES) {
      Ledger ledger = job.measure(base, tuned.scaled(scale), settings.store, progress);
      points.add(
          new DemoResult.Point(
              scale,
              ledger.probes().get(0).outcome().after(),
              gain.items().size(),
              ledger.probes().get(1).outcome().after(),
              some.size()));
    }
    return points;
  }

  private List<DemoResult.Text> texts(TunedModel base, TunedModel... arms) {
    List<int[]> written = BaseTexts.sample(model, 3, 96, new Seeds(settings.seed));
    List<Example> examples = new ArrayList<>();
    for (int[] ids : written) {
      boolean[] label = new boolean[ids.length];
      Arrays.fill(label, 1, label.length, true);
      examples.add(new Example("text", ids, label));
    }
    List<Scorer.Scores> before = new Scorer(base.decoder(), Progress.none()).score(examples);
    List<DemoResult.Text> texts = new ArrayList<>();
    for (TunedModel arm : arms) {
      List<Scorer.Scores> after = new Scorer(arm.decoder(), Progress.none()).score(examples);
      for (int i = 0; i < written.size(); i++) {
        texts.add(
            new DemoResult.Text(
                arm.name(), tokens(written.get(i)), doubles(before.get(i)), doubles(after.get(i))));
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

  private Map<String, String> facts(double seconds) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("base", settings.modelName + ", weights sha256 " + model.fingerprint());
    facts.put("precision", model.decoder().precision().name().toLowerCase(Locale.ROOT));
    facts.put("threads", String.valueOf(settings.threads));
    facts.put("seed", String.valueOf(settings.seed));
    facts.put(
        "adapter", "LoRA r=16, alpha 32, all linear layers, AdamW 1e-3 falling to 0, batch 4");
    facts.put("epochs", "form 1, facts 2");
    facts.put(
        "replay",
        REPLAY_PERCENT
            + " % of the items are texts of at most "
            + REPLAY_TOKENS
            + " tokens that the base wrote from BOS at temperature 1");
    facts.put("java", Runtime.version().toString());
    facts.put("seconds in all", String.format(Locale.ROOT, "%.0f", seconds));
    return facts;
  }
}
