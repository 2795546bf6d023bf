package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.TargetModules;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import dev.palimpsest.run.Seeds;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * An adapter of low rank.
 *
 * @param method one of {@link #METHODS}; qlora is lora over a quantised base (2305.14314)
 * @param rank inner dimension
 * @param alpha scale · rank, or scale · √rank for rsLoRA
 * @param targets {@code all-linear}, module names by comma, or a pattern
 * @param patterns modules of another rank or alpha
 * @param ratio how many times A's rate B has; 1 but for LoRA+
 * @param layers the only ones that change; the others stay frozen
 * @param tokens whose rows of embedding and head train, too
 */
public record LowRank(
    String method,
    int rank,
    double alpha,
    String targets,
    Patterns patterns,
    double ratio,
    Optional<Layers> layers,
    List<String> tokens)
    implements Method {
  /** What {@code method} may be. */
  public static final List<String> METHODS =
      List.of("lora", "rslora", "dora", "pissa", "lora+", "qlora");

  /** Those that PEFT has for an embedding, at the rate of the others. */
  private static final List<String> OF_EMBEDDINGS = List.of("lora", "rslora", "qlora");

  /** The rank, if nothing is said. */
  public static final int RANK = 16;

  /** The modules, if nothing is said. */
  public static final String TARGETS = "all-linear";

  /** LoRA+'s ratio, if nothing is said (Hayou et al., 2402.12354). */
  public static final double RATIO = 16;

  /**
   * Exceptions by pattern, as PEFT reads them: the first that matches the end of a module's name
   * counts.
   *
   * @param ranks by pattern
   * @param alphas by pattern
   */
  public record Patterns(Map<String, Integer> ranks, Map<String, Double> alphas) {
    /** No exceptions. */
    public static final Patterns NONE = new Patterns(Map.of(), Map.of());

    /** Copies, and checks the values. */
    public Patterns {
      ranks = Collections.unmodifiableMap(new LinkedHashMap<>(ranks));
      alphas = Collections.unmodifiableMap(new LinkedHashMap<>(alphas));
      ranks.forEach(
          (pattern, rank) -> {
            if (rank < 1) {
              throw new BadInput("--rank-pattern " + pattern + "=" + rank + ": give 1 or more");
            }
          });
      alphas.forEach(
          (pattern, alpha) -> requireAbove0("--alpha-pattern " + pattern + "=" + alpha, alpha));
    }

    private void requireUse(Collection<String> modules) {
      ranks.keySet().forEach(each -> requireUse("--rank-pattern ", each, modules));
      alphas.keySet().forEach(each -> requireUse("--alpha-pattern ", each, modules));
    }

    private static void requireUse(String option, String pattern, Collection<String> modules) {
      if (modules.stream().noneMatch(module -> AdapterConfig.matches(pattern, module))) {
        throw new BadInput(
            option + pattern + ": matches no target module; give the end of a name, as q_proj");
      }
    }
  }

  /** An adapter whose alpha, if nothing is said, is twice its rank. */
  public static LowRank of(String method, int rank, OptionalDouble alpha, String targets) {
    return new LowRank(method, rank, alpha.orElse(2.0 * rank), targets);
  }

  /** One without exceptions. */
  public LowRank(String method, int rank, double alpha, String targets) {
    this(
        method,
        rank,
        alpha,
        targets,
        Patterns.NONE,
        method.equals("lora+") ? RATIO : 1,
        Optional.empty(),
        List.of());
  }

  /** The same with exceptions. */
  public LowRank with(Patterns exceptions) {
    return new LowRank(method, rank, alpha, targets, exceptions, ratio, layers, tokens);
  }

  /**
   * The same in some layers alone.
   *
   * @throws BadInput if the targets are a pattern, which PEFT takes for all layers
   */
  public LowRank in(Layers only) {
    if (TargetModules.parse(targets).chosen() instanceof TargetModules.Names.Matching) {
      throw new BadInput(
          "--layers "
              + only
              + " beside --targets "
              + targets
              + ": PEFT has layers with names only; give names, or the layers in the pattern");
    }
    return new LowRank(method, rank, alpha, targets, patterns, ratio, Optional.of(only), tokens);
  }

  /**
   * LoRA+ with another ratio.
   *
   * @throws BadInput if the method is another
   */
  public LowRank withRatio(double other) {
    if (!method.equals("lora+")) {
      throw new BadInput("--lora-plus-ratio goes with --method lora+, not " + method);
    }
    return new LowRank(method, rank, alpha, targets, patterns, other, layers, tokens);
  }

  /** The same with rows of tokens that train beside, as the tokenizer's vocabulary writes them. */
  public LowRank withTokens(List<String> others) {
    return new LowRank(method, rank, alpha, targets, patterns, ratio, layers, others);
  }

  /** Checks method, rank, alpha and ratio. */
  public LowRank {
    layers = Objects.requireNonNullElse(layers, Optional.empty()); // runs of old have none
    tokens = List.copyOf(Objects.requireNonNullElse(tokens, List.of())); // nor these
    if (rank < 1) {
      throw new BadInput("--rank " + rank + ": give 1 or more");
    }
    requireAbove0("--alpha " + alpha, alpha);
    if (!METHODS.contains(method)) {
      throw new BadInput("--method " + method + ": known are " + String.join(", ", METHODS));
    }
    requireAbove0("--lora-plus-ratio " + ratio, ratio);
  }

  private static void requireAbove0(String what, double value) {
    if (!(value > 0 && Double.isFinite(value))) {
      throw new BadInput(what + ": give a number above 0");
    }
  }

  @Override
  public Precision precision() {
    return method.equals("qlora") ? Precision.NF4 : Precision.best();
  }

  @Override
  public List<Precision> precisions() {
    return method.equals("qlora")
        ? Stream.of(Precision.values()).filter(Precision::quantised).toList()
        : Method.super.precisions();
  }

  @Override
  public long peakBytes(Footprint base, TuneSettings settings, int rows) {
    long pass = base.passBytes(rows) + (method.equals("dora") ? base.unscaledBytes(rows) : 0);
    return base.tuningPeak(base.adapterBytes(form()) + base.rowBytes(tokens.size()), pass);
  }

  @Override
  public Set<String> changes(ModelConfig model) {
    Set<String> changed = new TreeSet<>(form().tensors(model));
    if (!tokens.isEmpty()) {
      changed.add(ModelTensors.EMBEDDING);
      changed.add(model.tiedHead() ? ModelTensors.EMBEDDING : ModelTensors.HEAD);
    }
    return changed;
  }

  @Override
  public Start over(LanguageModel model, String name) {
    Plan plan = plan(model, name);
    Decoder base = model.decoder();
    return seeds -> new TrainedAdapter(plan.config, base, plan.begin(base, seeds), ratio);
  }

  /** What trains, checked against a model. */
  Plan plan(LanguageModel model, String name) {
    Decoder base = model.decoder();
    if (method.equals("qlora") && !base.precision().quantised()) {
      throw new BadInput(
          "--method qlora trains over a quantised base, this one is in "
              + base.precision()
              + ": give --dtype nf4 or int8, or --method lora");
    }
    AdapterConfig config = config(model, name);
    FactorLayout layout = layout(config, model);
    if (beginsInBase()) {
      LoraParameters.requireRanks(layout);
    }
    return new Plan(config, layout, beginsInBase());
  }

  /**
   * Where the parameters lie.
   *
   * @throws BadInput naming all tokens that the tokenizer does not know or that come twice, or if
   *     an end has both rows and factors
   */
  FactorLayout layout(AdapterConfig config, LanguageModel model) {
    ModelConfig shape = model.decoder().config();
    FactorLayout factors = FactorLayout.of(config, shape);
    Problems problems = new Problems();
    if (!tokens.isEmpty()
        && !Collections.disjoint(factors.modules().keySet(), ModelTensors.END_MODULES)) {
      problems.add("leave lm_head and embed_tokens out of --targets");
    }
    List<Integer> ids = new ArrayList<>();
    for (String token : tokens) {
      OptionalInt id = model.tokenizer().id(token);
      if (id.isEmpty()) {
        problems.add("\"" + token + "\" is no token of the model (grow --method tokens adds one)");
      } else if (ids.contains(id.getAsInt())) {
        problems.add("\"" + token + "\" comes twice");
      } else {
        ids.add(id.getAsInt());
      }
    }
    problems.throwIfAny("--train-tokens");
    return factors.with(RowLayout.of(ids, shape));
  }

  /**
   * Factors that are still to begin.
   *
   * @param inBase whether they begin as a part of the base
   */
  record Plan(AdapterConfig config, FactorLayout layout, boolean inBase) {
    LoraParameters begin(Decoder base, Seeds seeds) {
      return inBase
          ? LoraParameters.principal(layout, base)
          : LoraParameters.fresh(layout, base, seeds);
    }
  }

  @Override
  public boolean ofFactors() {
    return true;
  }

  /** Whether the factors begin as a part of the base. */
  boolean beginsInBase() {
    return method.equals("pissa");
  }

  /** The adapter's configuration, whatever the model. */
  AdapterConfig form() {
    return new AdapterConfig(
        rank,
        alpha,
        method.equals("rslora"),
        method.equals("dora"),
        layers
            .map(only -> TargetModules.parse(targets).in(only.numbers()))
            .orElseGet(() -> TargetModules.parse(targets)),
        patterns.ranks,
        patterns.alphas,
        0,
        Optional.empty(),
        Optional.empty());
  }

  /** The same over a model, as it trains. */
  AdapterConfig config(LanguageModel model, String name) {
    layers.ifPresent(only -> only.require("--layers ", model.decoder().config().layers()));
    AdapterConfig config = form().over(name, model.fingerprint());
    Collection<String> modules = config.modules(model.decoder().config()).keySet();
    if (modules.isEmpty()) {
      throw new BadInput(
          "--targets "
              + targets
              + ": no module of this model; try all-linear, or names such as q_proj,v_proj");
    }
    if (model.decoder().config().mixture().isPresent()) {
      requireAttention(config.targets(), modules);
    }
    if (modules.contains(ModelTensors.EMBEDDING_MODULE) && !OF_EMBEDDINGS.contains(method)) {
      throw new BadInput(
          "--targets "
              + targets
              + ": --method "
              + method
              + " does not train an embedding; leave out embed_tokens, or give --method "
              + String.join(", ", OF_EMBEDDINGS));
    }
    patterns.requireUse(modules);
    return config;
  }

  /** Of a mixture: every name that is given means a module, and no expert. */
  private static void requireAttention(TargetModules targets, Collection<String> modules) {
    if (targets.chosen() instanceof TargetModules.Names.Listed(var names)) {
      List<String> unknown =
          names.stream()
              .filter(name -> modules.stream().noneMatch(each -> ("." + each).endsWith("." + name)))
              .toList();
      if (!unknown.isEmpty()) {
        throw new BadInput(
            "--targets "
                + String.join(",", unknown)
                + ": adapters change the attention of a mixture alone; give all-linear, or names"
                + " such as q_proj");
      }
    }
  }
}
