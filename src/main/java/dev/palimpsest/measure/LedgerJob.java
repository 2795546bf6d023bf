package dev.palimpsest.measure;

import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * What a ledger is to hold.
 *
 * @param probes named by the user, or built in
 * @param maxTokens of an answer
 * @param texts how many texts the base writes for the divergence, and to how many of the probes'
 *     prompts it draws an answer; 0 for none
 * @param textTokens tokens of each at most
 * @param seed of these texts
 */
public record LedgerJob(List<Probe> probes, int maxTokens, int texts, int textTokens, long seed) {
  /** Tokens of an answer at most, if nothing is said. */
  public static final int MAX_TOKENS = 64;

  /** Texts for the divergence, if nothing is said. */
  public static final int TEXTS = 64;

  /** Tokens of each of them at most. */
  public static final int TEXT_TOKENS = 128;

  /** The store of earlier measurements in a cache. */
  public static Path storeIn(Path cache) {
    return cache.resolve("ledger.sqlite");
  }

  /**
   * Where the models of both sides come from.
   *
   * @param load reads a model by the user's name for it
   * @param adapting puts an adapter over it
   * @param remote talks to models elsewhere
   * @param judge of items that ask one
   */
  public record Models(
      Function<String, LanguageModel> load,
      Adapting adapting,
      Function<Endpoint, RemoteSubject> remote,
      Optional<Side> judge) {
    private MeasuredSide open(Side side) {
      if (side.endpoint().isPresent()) {
        RemoteSubject answerer = remote.apply(side.endpoint().get());
        return new MeasuredSide(answerer.subject(), answerer::close);
      }
      LanguageModel loaded = load.apply(side.model());
      return new MeasuredSide(side(side, loaded).subject(Progress.none()), loaded::close);
    }

    private TunedModel side(Side side, LanguageModel loaded) {
      return side.adapter()
          .map(folder -> adapting.over(side.model(), loaded, folder))
          .orElseGet(() -> TunedModel.base(side.model(), loaded));
    }
  }

  /** Puts a PEFT folder over a model: {@link TunedModel#with} or its like. */
  @FunctionalInterface
  public interface Adapting {
    /** The model of this name with the folder over it. */
    TunedModel over(String name, LanguageModel model, Path folder);
  }

  /** Copies the list; probes are told apart by name. */
  public LedgerJob {
    probes = List.copyOf(probes);
    if (texts < 0) {
      throw new BadInput("--texts " + texts + ": give 0 or more");
    }
    Set<String> names = new HashSet<>();
    for (Probe probe : probes) {
      if (!names.add(probe.name())) {
        throw new BadInput("probe " + probe.name() + " is given twice: rename one of the files");
      }
    }
  }

  /** The same with at most so many items of each probe, spread over it. */
  public LedgerJob few(int most) {
    if (most < 1) {
      throw new BadInput("--few " + most + ": give 1 or more");
    }
    return new LedgerJob(
        probes.stream().map(probe -> probe.thinned(most)).toList(),
        maxTokens,
        texts,
        textTokens,
        seed);
  }

  private record MeasuredSide(Subject subject, Runnable end) implements AutoCloseable {
    @Override
    public void close() {
      end.run();
    }
  }

  /**
   * Reads and measures both sides; a base that they share is read once. Where one is elsewhere,
   * there is no divergence: whole distributions are not told.
   */
  public Ledger measure(Side before, Side after, Models models, Path store, Progress progress) {
    if (models.judge.isEmpty()) {
      return measure(before, after, models, new Setting(Optional.empty(), store, progress));
    }
    try (MeasuredSide opened = models.open(models.judge.get())) {
      Judge judge = Judge.of(models.judge.get().toString(), opened.subject);
      return measure(before, after, models, new Setting(Optional.of(judge), store, progress));
    }
  }

  private record Setting(Optional<Judge> judge, Path store, Progress progress) {}

  private Ledger measure(Side before, Side after, Models models, Setting setting) {
    if (before.endpoint().isPresent() || after.endpoint().isPresent()) {
      try (MeasuredSide first = models.open(before);
          MeasuredSide second = models.open(after);
          ObservationStore known = ObservationStore.open(setting.store)) {
        return Ledger.measure(
            new Measurement(known, Decoding.greedy(maxTokens), setting.progress),
            setting.judge,
            first.subject,
            second.subject,
            probes);
      }
    }
    try (LanguageModel first = models.load.apply(before.model())) {
      TunedModel base = models.side(before, first);
      if (after.model().equals(before.model())) {
        return measure(base, models.side(after, first), setting);
      }
      try (LanguageModel second = models.load.apply(after.model())) {
        return measure(base, models.side(after, second), setting);
      }
    }
  }

  /**
   * Measures both sides; what the store knows is not asked again.
   *
   * @param store of earlier measurements
   */
  public Ledger measure(TunedModel before, TunedModel after, Path store, Progress progress) {
    return measure(before, after, new Setting(Optional.empty(), store, progress));
  }

  private Ledger measure(TunedModel before, TunedModel after, Setting setting) {
    Progress progress = setting.progress;
    try (ObservationStore known = ObservationStore.open(setting.store)) {
      Measurement measurement = new Measurement(known, Decoding.greedy(maxTokens), progress);
      Ledger ledger =
          Ledger.measure(
              measurement,
              setting.judge,
              before.subject(Progress.none()),
              after.subject(Progress.none()),
              probes);
      boolean oneVocabulary =
          before.decoder().config().vocabulary() == after.decoder().config().vocabulary();
      return texts == 0 || !oneVocabulary
          ? ledger
          : BaseWriting.drawn(this, before, progress).along(ledger, after, known, progress);
    }
  }
}
