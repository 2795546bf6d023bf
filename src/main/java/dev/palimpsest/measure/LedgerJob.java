package dev.palimpsest.measure;

import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
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

  /**
   * Texts for the divergence, if nothing is said: its interval is then some 10 % to either side.
   */
  public static final int TEXTS = 32;

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
      Remote remote,
      Optional<Side> judge) {
    /** The same with adapters put over models in another way. */
    public Models adaptingBy(Adapting other) {
      return new Models(load, other, remote, judge);
    }
  }

  /** Talks to a model behind an API. */
  @FunctionalInterface
  public interface Remote {
    /**
     * One side, which the caller of this closes.
     *
     * @param store of what it answered before
     */
    RemoteSubject at(Endpoint endpoint, ObservationStore store);
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

  /** The same without a divergence. */
  LedgerJob withoutTexts() {
    return new LedgerJob(probes, maxTokens, 0, textTokens, seed);
  }

  /** The same on a half of each probe's items. */
  public LedgerJob on(Half half) {
    return new LedgerJob(
        probes.stream().map(half::of).toList(), maxTokens, texts, textTokens, seed);
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

  /**
   * Reads and measures both sides and the controls; a model that they share is read once. There is
   * no divergence where one side is elsewhere, since whole distributions are not told, or has
   * something before its prompts.
   *
   * @param store of earlier measurements: what it knows is not asked again
   */
  public Ledger measure(Sides sides, Models models, Path store, Progress progress) {
    sides.requireFit(probes);
    try (ObservationStore known = ObservationStore.open(store);
        OpenSides open = new OpenSides(models, known)) {
      Optional<Judge> judge =
          models.judge.map(side -> Judge.of(side.toString(), open.open(side).subject(), known));
      OpenSides.Open before = open.open(sides.before());
      OpenSides.Open after = open.open(sides.after());
      SequencedMap<String, Subject> controls = new LinkedHashMap<>();
      sides
          .controls()
          .forEach(each -> controls.put(each.toString(), open.open(each, sides.after())));
      Ledger ledger =
          Ledger.measure(
              measurement(known, progress),
              judge,
              new Ledger.Asked(before.subject(), after.subject(), controls),
              probes);
      return before.here().isPresent() && after.here().isPresent()
          ? moved(ledger, before.here().get(), after.here().get(), known, progress)
          : ledger;
    }
  }

  /** Measures two models in memory. */
  public Ledger measure(TunedModel before, TunedModel after, Path store, Progress progress) {
    try (ObservationStore known = ObservationStore.open(store)) {
      Ledger ledger =
          Ledger.measure(
              measurement(known, progress),
              before.subject(Progress.none()),
              after.subject(Progress.none()),
              probes);
      return moved(ledger, before, after, known, progress);
    }
  }

  private Measurement measurement(ObservationStore known, Progress progress) {
    return new Measurement(known, Decoding.greedy(maxTokens), progress);
  }

  private Ledger moved(
      Ledger ledger,
      TunedModel before,
      TunedModel after,
      ObservationStore known,
      Progress progress) {
    boolean oneVocabulary =
        before.decoder().config().vocabulary() == after.decoder().config().vocabulary();
    return texts == 0 || !oneVocabulary
        ? ledger
        : BaseWriting.drawn(this, before, known, progress).along(ledger, after, known, progress);
  }
}
