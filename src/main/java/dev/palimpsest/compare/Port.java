package dev.palimpsest.compare;

import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.Half;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.Measurement;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Carries an adapter to a new base and puts it on trial there. Where several ways lead there, the
 * one with the most gain whose losses stay under a limit is taken; choice and report share no
 * items.
 */
public final class Port {
  private final PortPlan plan;
  private final Choice choice;
  private final Bakeoff.Settings settings;
  private final Bases bases;
  private final Tuner.Watch watch;

  /**
   * Which ways, and what is asked of what they carry.
   *
   * @param only the one to go; empty for the best of all
   * @param ledger its probes: the first gain probe decides, every retention probe limits
   * @param mayLose less than this share of a retention probe
   */
  public record Choice(Optional<PortMethod> only, LedgerJob ledger, double mayLose) {
    /** What a retention probe may lose, if nothing is said. */
    public static final double MAY_LOSE = 0.05;

    /** Checks that there is something to choose by. */
    public Choice {
      if (only.isEmpty() && gain(ledger).isEmpty()) {
        throw new BadInput(
            "port: which way is the best? give --gain PROBE, or one --method: "
                + String.join(", ", Stream.of(PortMethod.values()).map(Object::toString).toList()));
      }
    }

    private static Optional<Probe> gain(LedgerJob ledger) {
      return of(ledger, ProbeKind.GAIN).findFirst();
    }

    private static Stream<Probe> of(LedgerJob ledger, ProbeKind kind) {
      return ledger.probes().stream().filter(probe -> probe.kind() == kind);
    }

    Examination examination() {
      List<Probe> kept = of(ledger, ProbeKind.RETENTION).toList();
      Map<String, Double> limits = new LinkedHashMap<>();
      kept.forEach(probe -> limits.put(probe.name(), mayLose));
      return Examination.of(gain(ledger), Optional.empty(), kept, limits);
    }
  }

  /** Where bases come from. */
  public interface Bases {
    /** A folder or a GGUF file. */
    Path locate(String model);

    /** A model in memory, which the caller closes. */
    LanguageModel load(String model);

    /** The model of a job, in the job's precision, which the caller closes. */
    LanguageModel load(TuneJob job);
  }

  /** A port; its adapters are kept in the settings' folder. */
  public Port(
      PortPlan plan, Choice choice, Bakeoff.Settings settings, Bases bases, Tuner.Watch watch) {
    this.plan = plan;
    this.choice = choice;
    this.settings = settings;
    this.bases = bases;
    this.watch = watch;
  }

  /**
   * Runs it all; adapters that were carried before stand.
   *
   * @throws BadInput if no way leads to the new base
   * @throws dev.palimpsest.run.EnvironmentFailure if the user stopped it; the same call goes on
   */
  public PortResult run() {
    AskedFolder<PortPlan> folder = new AskedFolder<>(settings.out(), "port", PortPlan.class);
    Optional<Examination> examination =
        choice.only().isPresent() ? Optional.empty() : Optional.of(choice.examination());
    try (Scope _ = Scope.open()) {
      ModelConfig from;
      Adapter adapter;
      try (Checkpoint old = Checkpoint.open(bases.locate(plan.from()))) {
        from = old.config();
        adapter = PeftFolder.read(plan.adapter(), from);
        if (!plan.anyBase()) {
          adapter.requireBase(old.fingerprint(), plan.adapter().toString());
        }
      }
      try (LanguageModel to = bases.load(plan.to())) {
        PortTask task =
            new PortTask(plan, adapter, from, to, bases, new Runs(settings.cache(), watch));
        folder.begin(plan);
        PortResult result =
            examination.isPresent()
                ? best(examination.get(), carried(task, PortMethod.values(), folder), to)
                : alone(carried(task, new PortMethod[] {choice.only().orElseThrow()}, folder), to);
        result.chosen().ifPresent(chosen -> take(chosen.method()));
        folder.finish(PortJson.of(result), plan);
        return result;
      }
    }
  }

  /** A run has an adapter before it is finished, too. */
  private static boolean finished(Path folder) {
    return Files.exists(folder.resolve("adapter"))
        && (!Files.exists(folder.resolve("run.json")) || TuneJob.result(folder).isPresent());
  }

  private Path folder(PortMethod method) {
    return settings.out().resolve("tries").resolve(method.toString());
  }

  private Path adapter(PortMethod method) {
    return folder(method).resolve("adapter");
  }

  /** Goes the ways; nothing is left if none leads anywhere. */
  private List<PortResult.Tried> carried(
      PortTask task, PortMethod[] methods, AskedFolder<PortPlan> folder) {
    List<PortResult.Tried> tried = new ArrayList<>();
    for (PortMethod method : methods) {
      task.runs().goOn(method.toString());
      watch.progress().report(method.toString(), tried.size(), methods.length, "ways");
      try {
        if (!finished(folder(method))) {
          method.way().carry(task, folder(method));
        }
        tried.add(PortResult.Tried.carried(method, ActivationFit.in(folder(method))));
      } catch (BadInput e) {
        tried.add(PortResult.Tried.refused(method, String.valueOf(e.getMessage())));
      }
    }
    if (tried.stream().allMatch(each -> each.refused().isPresent())) {
      if (!Files.exists(settings.out().resolve("tries"))) {
        folder.discard();
      }
      throw new BadInput(
          "port: "
              + String.join(
                  "; ", tried.stream().flatMap(each -> each.refused().stream()).toList()));
    }
    return tried;
  }

  private PortResult alone(List<PortResult.Tried> tried, LanguageModel to) {
    PortMethod method = tried.getFirst().method();
    return new PortResult(
        settings.out(),
        plan,
        choice.mayLose(),
        tried,
        Optional.of(chosen(method, PortResult.On.ALL, choice.ledger(), to)));
  }

  private PortResult best(Examination asked, List<PortResult.Tried> tried, LanguageModel to) {
    List<PortResult.Tried> read = new ArrayList<>();
    try (ObservationStore store = ObservationStore.open(settings.store())) {
      Measurement measurement =
          new Measurement(store, Decoding.greedy(choice.ledger().maxTokens()), watch.progress());
      for (PortResult.Tried each : tried) {
        read.add(each.refused().isPresent() ? each : read(each, asked, measurement, to));
      }
    }
    Optional<PortMethod> best =
        read.stream()
            .filter(PortResult.Tried::allowed)
            .sorted(Comparator.comparingDouble(each -> -each.gain()))
            .map(PortResult.Tried::method)
            .findFirst();
    LedgerJob report = choice.ledger().on(Half.REPORT);
    return new PortResult(
        settings.out(),
        plan,
        choice.mayLose(),
        read,
        best.map(method -> chosen(method, PortResult.On.REPORT, report, to)));
  }

  private PortResult.Tried read(
      PortResult.Tried carried, Examination asked, Measurement measurement, LanguageModel to) {
    Reading reading =
        asked.read(
            Half.SELECTION,
            measurement,
            TunedModel.base(plan.to(), to),
            TunedModel.with(plan.to(), to, adapter(carried.method())));
    return carried.with(
        reading, reading.within(asked.limits(), Limit.By.POINT) && reading.gain() > 0);
  }

  private PortResult.Chosen chosen(
      PortMethod method, PortResult.On on, LedgerJob job, LanguageModel to) {
    return new PortResult.Chosen(
        method,
        on,
        job.measure(
            TunedModel.base(plan.to(), to),
            TunedModel.with(plan.to(), to, adapter(method)),
            settings.store(),
            watch.progress()));
  }

  /** Puts the chosen adapter into the folder. */
  private void take(PortMethod method) {
    AtomicFolder.write(
        settings.out().resolve("adapter"),
        inside -> {
          try (Stream<Path> files = Files.list(adapter(method))) {
            for (Path file : (Iterable<Path>) files::iterator) {
              copy(file, inside);
            }
          }
        });
  }

  private static void copy(Path file, Path folder) throws IOException {
    Files.copy(file, folder.resolve(String.valueOf(file.getFileName())));
  }
}
