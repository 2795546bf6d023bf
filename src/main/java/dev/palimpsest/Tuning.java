package dev.palimpsest;

import dev.palimpsest.run.Problems;
import dev.palimpsest.tune.Full;
import dev.palimpsest.tune.Layers;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.PromptLearning;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.TuneSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * A request for an adapter, or for a model whose own weights train, put together by one thread:
 * each method changes and returns it, {@link #to} does the work. What is not said is as PEFT and
 * TRL have it: LoRA of rank 16 over all linear layers, AdamW at 2e-4 falling to 0, batches of 8,
 * one epoch.
 */
public final class Tuning {
  private static final TuneSettings DEFAULTS = TuneSettings.defaults();

  private final Loaded loaded;
  private final Data data;
  private Method method = Method.LORA;
  private final Map<String, Family> said = new LinkedHashMap<>();
  private int rank = LowRank.RANK;
  private OptionalDouble alpha = OptionalDouble.empty();
  private String targets = LowRank.TARGETS;
  private final Map<String, Integer> rankPatterns = new LinkedHashMap<>();
  private final Map<String, Double> alphaPatterns = new LinkedHashMap<>();
  private OptionalDouble ratio = OptionalDouble.empty();
  private Optional<String> trains = Optional.empty();
  private String optimizer = DEFAULTS.optimizer();
  private int tokens = PromptLearning.TOKENS;
  private Optional<String> initText = Optional.empty();
  private int batch = DEFAULTS.batch();
  private int accumulate = DEFAULTS.accumulate();
  private OptionalDouble rate = OptionalDouble.empty();
  private int warmup = DEFAULTS.warmup();
  private TuneSettings.Length length = DEFAULTS.length();
  private int checkpointEvery = DEFAULTS.saving().checkpointEvery();
  private long seed = DEFAULTS.seed();
  private Optional<Path> heldOut = Optional.empty();
  private double heldOutShare;
  private Optional<TuneJob.Replay> replay = Optional.empty();
  private Optional<Layers> layers = Optional.empty();
  private List<String> trainedTokens = List.of();
  private Regularisation regularisation = Regularisation.none();

  Tuning(Loaded loaded, Data data) {
    this.loaded = loaded;
    this.data = data;
  }

  /** Methods that have their settings in common. */
  private enum Family {
    FACTORS("an adapter's"),
    TOKENS("a soft prompt's or prefix's"),
    WEIGHTS("freeze's");

    private final String whose;

    Family(String whose) {
      this.whose = whose;
    }
  }

  /** What trains. */
  public enum Method {
    /** An adapter, W + alpha / rank · B · A (Hu et al., 2106.09685). */
    LORA("lora", Family.FACTORS),
    /** Scaled by alpha / √rank (Kalajdzievski, 2312.03732). */
    RSLORA("rslora", Family.FACTORS),
    /** Directions by LoRA, the rows' lengths by themselves (Liu et al., 2402.09353). */
    DORA("dora", Family.FACTORS),
    /** From the largest singular values of W (Meng et al., 2404.02948). */
    PISSA("pissa", Family.FACTORS),
    /** LoRA whose B learns faster than its A (Hayou et al., 2402.12354). */
    LORA_PLUS("lora+", Family.FACTORS),
    /** LoRA over a model that was loaded in NF4 or INT8 (Dettmers et al., 2305.14314). */
    QLORA("qlora", Family.FACTORS),
    /** Virtual tokens before every sequence; they need a rate of about 1e-2 or more. */
    SOFT_PROMPT("soft-prompt", Family.TOKENS),
    /** Virtual keys and values in every layer; they need a rate of about 1e-2 or more. */
    PREFIX("prefix", Family.TOKENS),
    /** All of the model's own weights; the run's product is a model. */
    FULL("full", Family.WEIGHTS),
    /** Those of the model's weights that {@link Tuning#train} names; the product is a model. */
    FREEZE("freeze", Family.WEIGHTS);

    private final String word;
    private final Family family;

    Method(String word, Family family) {
      this.word = word;
      this.family = family;
    }
  }

  /**
   * Chooses the method.
   *
   * @param chosen LoRA if nothing is said
   * @return this request
   */
  public Tuning method(Method chosen) {
    method = chosen;
    return this;
  }

  /**
   * Chooses what trains by {@link Method#FREEZE}.
   *
   * @param tensors {@code norms}, {@code embeddings}, {@code head}, {@code layers:20-29}, or names
   *     such as {@code q_proj}
   * @return this request
   */
  public Tuning train(String... tensors) {
    said.put("train", Family.WEIGHTS);
    trains = Optional.of(String.join(",", tensors));
    return this;
  }

  /**
   * Chooses the optimiser.
   *
   * @param name adamw, adamw8bit, adafactor or sgd; AdamW if nothing is said
   * @return this request
   */
  public Tuning optimizer(String name) {
    optimizer = name;
    return this;
  }

  /**
   * Chooses the inner dimension of the factors.
   *
   * @param size 1 or more
   * @return this request
   */
  public Tuning rank(int size) {
    said.put("rank", Family.FACTORS);
    rank = size;
    return this;
  }

  /**
   * Chooses the scale: alpha / rank, or alpha / √rank for rsLoRA.
   *
   * @param value above 0; twice the rank if nothing is said
   * @return this request
   */
  public Tuning alpha(double value) {
    said.put("alpha", Family.FACTORS);
    alpha = OptionalDouble.of(value);
    return this;
  }

  /**
   * Gives some modules another rank.
   *
   * @param pattern a regular expression for the end of a module's name, such as {@code q_proj}; the
   *     first that matches counts
   * @param size 1 or more
   * @return this request
   */
  public Tuning rank(String pattern, int size) {
    said.put("rank(pattern)", Family.FACTORS);
    rankPatterns.put(pattern, size);
    return this;
  }

  /**
   * Gives some modules another alpha.
   *
   * @param pattern as for {@link #rank(String, int)}
   * @param value above 0
   * @return this request
   */
  public Tuning alpha(String pattern, double value) {
    said.put("alpha(pattern)", Family.FACTORS);
    alphaPatterns.put(pattern, value);
    return this;
  }

  /**
   * Chooses how many times A's rate B has in LoRA+.
   *
   * @param times above 0; 16 if nothing is said
   * @return this request
   */
  public Tuning loraPlusRatio(double times) {
    said.put("loraPlusRatio", Family.FACTORS);
    ratio = OptionalDouble.of(times);
    return this;
  }

  /**
   * Chooses the layers.
   *
   * @param modules names such as {@code q_proj}
   * @return this request
   */
  public Tuning targets(String... modules) {
    said.put("targets", Family.FACTORS);
    targets = String.join(",", modules);
    return this;
  }

  /**
   * Leaves all layers but these as they are.
   *
   * @param first counted from 0
   * @param last included
   * @return this request
   */
  public Tuning layers(int first, int last) {
    said.put("layers", Family.FACTORS);
    layers = Optional.of(new Layers(first, last));
    return this;
  }

  /**
   * Trains the rows of some tokens in embedding and head beside the factors.
   *
   * @param vocabulary tokens as the tokenizer's vocabulary writes them
   * @return this request
   */
  public Tuning trainTokens(String... vocabulary) {
    said.put("trainTokens", Family.FACTORS);
    trainedTokens = List.of(vocabulary);
    return this;
  }

  /**
   * Chooses the number of virtual tokens of a soft prompt or a prefix.
   *
   * @param count 1 or more; 20 if nothing is said
   * @return this request
   */
  public Tuning tokens(int count) {
    said.put("tokens", Family.TOKENS);
    tokens = count;
    return this;
  }

  /**
   * Chooses what a soft prompt or a prefix begins as.
   *
   * @param text whose tokens are cut, or repeated, to the number of virtual ones
   * @return this request
   */
  public Tuning initText(String text) {
    said.put("initText", Family.TOKENS);
    initText = Optional.of(text);
    return this;
  }

  /**
   * Chooses how many examples go through the model at a time.
   *
   * @param examples 1 or more
   * @return this request
   */
  public Tuning batch(int examples) {
    batch = examples;
    return this;
  }

  /**
   * Chooses how many batches make a step; the loss is averaged over all their labels.
   *
   * @param batches 1 or more
   * @return this request
   */
  public Tuning accumulate(int batches) {
    accumulate = batches;
    return this;
  }

  /**
   * Chooses the peak learning rate.
   *
   * @param peak above 0; 2e-4 for an adapter, 2e-5 for the model's own weights if nothing is said
   * @return this request
   */
  public Tuning rate(double peak) {
    rate = OptionalDouble.of(peak);
    return this;
  }

  /**
   * Chooses in how many steps the rate rises to its peak.
   *
   * @param steps 0 or more
   * @return this request
   */
  public Tuning warmup(int steps) {
    warmup = steps;
    return this;
  }

  /**
   * Trains for passes over the data; the last of this and {@link #steps} holds.
   *
   * @param count 1 or more
   * @return this request
   */
  public Tuning epochs(int count) {
    length = new TuneSettings.Length(OptionalInt.empty(), count);
    return this;
  }

  /**
   * Trains for steps of the optimiser, over the data again and again if need be.
   *
   * @param count 1 or more
   * @return this request
   */
  public Tuning steps(int count) {
    length = new TuneSettings.Length(OptionalInt.of(count), length.epochs());
    return this;
  }

  /**
   * Keeps a checkpoint every so many steps, from which a killed run can go on.
   *
   * @param steps 0 for none
   * @return this request
   */
  public Tuning checkpointEvery(int steps) {
    checkpointEvery = steps;
    return this;
  }

  /**
   * Seeds every random draw.
   *
   * @param value any
   * @return this request
   */
  public Tuning seed(long value) {
    seed = value;
    return this;
  }

  /**
   * Measures the loss on a file at the end, read as the training data is; the last call of this
   * name holds.
   *
   * @param file of held-out rows
   * @return this request
   */
  public Tuning heldOut(Path file) {
    heldOut = Optional.of(file.toAbsolutePath());
    heldOutShare = 0;
    return this;
  }

  /**
   * Takes a share of the data out of training, and measures the loss on it at the end; the last
   * call of this name holds.
   *
   * @param share from 0 up to but not 1
   * @return this request
   */
  public Tuning heldOut(double share) {
    heldOut = Optional.empty();
    heldOutShare = share;
    return this;
  }

  /**
   * Mixes old text among the new, against forgetting.
   *
   * @param file of rows, read as the training data is
   * @param share of an epoch's items, from 0 to 1
   * @return this request
   */
  public Tuning replay(Path file, double share) {
    replay = Optional.of(new TuneJob.Replay(file.toAbsolutePath(), share * 100));
    return this;
  }

  /**
   * Keeps the base's whole distribution along old text, KL(base‖tuned), while an adapter learns the
   * new; the last of this and {@link #replay} holds.
   *
   * @param file of rows, read as the training data is
   * @param share of an epoch's items, from 0 to 1
   * @return this request
   */
  public Tuning replayOfBase(Path file, double share) {
    replay =
        Optional.of(new TuneJob.Replay(file.toAbsolutePath(), share * 100, TuneJob.Replay.Loss.KL));
    return this;
  }

  /**
   * Holds the weights back.
   *
   * @param chosen none if nothing is said
   * @return this request
   */
  public Tuning regularise(Regularisation chosen) {
    regularisation = chosen;
    return this;
  }

  /**
   * Trains. A caller that is interrupted stops the run after the step at hand: it is saved, {@link
   * Run#finished} is false, and the interrupt is still set.
   *
   * @param folder of the run; must not be there yet, and appears once the data has been looked
   *     through
   * @return what it came to
   * @throws dev.palimpsest.run.BadInput if a setting or the data is wrong, or the folder is there
   * @throws dev.palimpsest.run.EnvironmentFailure if the disk is full, or another process holds the
   *     run
   * @throws dev.palimpsest.tune.Diverged if the loss leaves the finite numbers
   */
  public Run to(Path folder) {
    return loaded.tune(job(), folder);
  }

  private void refuseOthers() {
    Problems problems = new Problems();
    said.forEach(
        (setting, family) -> {
          if (family != method.family) {
            problems.add("leave out " + setting + ", which is " + family.whose);
          }
        });
    problems.throwIfAny("method " + method.word);
  }

  private dev.palimpsest.tune.Method chosen() {
    refuseOthers();
    return switch (method) {
      case FULL, FREEZE -> Full.of(method.word, trains);
      case SOFT_PROMPT, PREFIX -> new PromptLearning(method.word, tokens, initText);
      default -> {
        LowRank chosen =
            LowRank.of(method.word, rank, alpha, targets)
                .with(new LowRank.Patterns(rankPatterns, alphaPatterns));
        LowRank rated = ratio.isPresent() ? chosen.withRatio(ratio.getAsDouble()) : chosen;
        yield layers.map(rated::in).orElse(rated).withTokens(trainedTokens);
      }
    };
  }

  private TuneJob job() {
    dev.palimpsest.tune.Method chosen = chosen();
    return new TuneJob(
        loaded.name(),
        data.spec(),
        heldOut,
        heldOutShare,
        replay,
        chosen,
        new TuneSettings(
            batch,
            accumulate,
            rate.orElse(chosen.usualRate()),
            DEFAULTS.schedule(),
            warmup,
            DEFAULTS.clip(),
            optimizer,
            DEFAULTS.decay(),
            length,
            new TuneSettings.Saving(
                checkpointEvery, DEFAULTS.saving().keep(), DEFAULTS.saving().evaluateEvery()),
            seed),
        loaded.settings().precision(),
        loaded.settings().threads(),
        regularisation.settings());
  }
}
