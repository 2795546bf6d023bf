package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How a LoRA adapter sits on its base, in PEFT's terms.
 *
 * @param rank of modules that no pattern names
 * @param alpha of modules that no pattern names; the scale is alpha / rank
 * @param rankStabilised whether the scale is alpha / √rank instead (Kalajdzievski, 2312.03732)
 * @param weightDecomposed whether each module has a magnitude too (DoRA, Liu et al., 2402.09353)
 * @param rankPattern rank by pattern; the first that matches the end of a module's name counts
 * @param alphaPattern alpha by pattern, likewise
 * @param dropout on the adapter's input while training
 * @param baseName what the base was called, for people
 * @param baseFingerprint {@link Checkpoint#fingerprint} of the base, if we wrote the adapter
 */
public record AdapterConfig(
    int rank,
    double alpha,
    boolean rankStabilised,
    boolean weightDecomposed,
    TargetModules targets,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern,
    double dropout,
    Optional<String> baseName,
    Optional<String> baseFingerprint) {
  /** Checks ranks and copies the patterns, whose order counts. */
  public AdapterConfig {
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    if (rank < 1 || rankPattern.values().stream().anyMatch(r -> r < 1)) {
      throw new IllegalArgumentException("a LoRA rank is " + rank + " " + rankPattern);
    }
  }

  /** A plain LoRA of one rank and alpha. */
  public static AdapterConfig lora(int rank, double alpha, TargetModules targets) {
    return new AdapterConfig(
        rank,
        alpha,
        false,
        false,
        targets,
        Map.of(),
        Map.of(),
        0,
        Optional.empty(),
        Optional.empty());
  }

  /** The same over a base that is known. */
  public AdapterConfig over(String name, String fingerprint) {
    return over(Optional.of(name), Optional.of(fingerprint));
  }

  /** The same over another's base. */
  AdapterConfig overBaseOf(AdapterConfig other) {
    return over(other.baseName, other.baseFingerprint);
  }

  private AdapterConfig over(Optional<String> name, Optional<String> fingerprint) {
    return new AdapterConfig(
        rank,
        alpha,
        rankStabilised,
        weightDecomposed,
        targets,
        rankPattern,
        alphaPattern,
        dropout,
        name,
        fingerprint);
  }

  /** Twice every rank at the same scale alpha / rank. */
  AdapterConfig doubled() {
    Map<String, Integer> ranks = new LinkedHashMap<>(rankPattern);
    ranks.replaceAll((pattern, each) -> 2 * each);
    Map<String, Double> alphas = new LinkedHashMap<>(alphaPattern);
    alphas.replaceAll((pattern, each) -> 2 * each);
    return new AdapterConfig(
        2 * rank,
        2 * alpha,
        rankStabilised,
        weightDecomposed,
        targets,
        ranks,
        alphas,
        dropout,
        baseName,
        baseFingerprint);
  }

  /**
   * A plain LoRA of these factors, over a base that is not told. What differs from the most usual
   * rank and scale is a pattern.
   */
  static AdapterConfig plain(Map<String, Factors> factors, TargetModules modules) {
    Shape usual =
        factors.values().stream()
            .collect(Collectors.groupingBy(Shape::of, LinkedHashMap::new, Collectors.counting()))
            .entrySet()
            .stream()
            .max(Map.Entry.comparingByValue())
            .orElseThrow()
            .getKey();
    return plain(usual, factors, modules);
  }

  /** A plain LoRA of factors of one scale whose rank, without patterns, is the largest. */
  static AdapterConfig uniform(Map<String, Factors> factors, TargetModules modules) {
    Shape largest =
        factors.values().stream()
            .map(Shape::of)
            .max(Comparator.comparingInt(Shape::rank))
            .orElseThrow();
    return plain(largest, factors, modules);
  }

  private static AdapterConfig plain(
      Shape usual, Map<String, Factors> factors, TargetModules modules) {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    Map<String, Double> alphas = new LinkedHashMap<>();
    factors.forEach(
        (module, each) -> {
          Shape shape = Shape.of(each);
          if (!shape.equals(usual)) {
            ranks.put(module, shape.rank);
            alphas.put(module, shape.alpha());
          }
        });
    return new AdapterConfig(
        usual.rank,
        usual.alpha(),
        false,
        false,
        modules,
        ranks,
        alphas,
        0,
        Optional.empty(),
        Optional.empty());
  }

  private record Shape(int rank, double scale) {
    static Shape of(Factors factors) {
      return new Shape(factors.rank(), factors.scale());
    }

    double alpha() {
      return scale * rank;
    }
  }

  /**
   * Checks that another change can be added to this one.
   *
   * @throws BadInput over DoRA
   */
  public void requireStackable() {
    if (weightDecomposed) {
      throw new BadInput(
          "a DoRA adapter cannot be joined with another: its change hangs on the base; train with"
              + " --method lora, rslora, lora+ or pissa to stack adapters");
    }
  }

  /** The same with every scale multiplied. */
  AdapterConfig scaled(double factor) {
    Map<String, Double> alphas = new LinkedHashMap<>(alphaPattern);
    alphas.replaceAll((pattern, each) -> factor * each);
    return new AdapterConfig(
        rank,
        factor * alpha,
        rankStabilised,
        weightDecomposed,
        targets,
        rankPattern,
        alphas,
        dropout,
        baseName,
        baseFingerprint);
  }

  /** The rank on a module. */
  public int rank(String module) {
    return first(rankPattern, module).orElse(rank);
  }

  /** The factor s of s · B · A on a module. */
  public double scale(String module) {
    double ofModule = first(alphaPattern, module).orElse(alpha);
    return ofModule / (rankStabilised ? Math.sqrt(rank(module)) : rank(module));
  }

  /** Whether a rank or alpha pattern names a module (peft/utils/other.py, get_pattern_key). */
  public static boolean matches(String pattern, String module) {
    return TargetModules.fullMatch("(.*\\.)?(" + pattern + ")", module);
  }

  private static <T> Optional<T> first(Map<String, T> patterns, String module) {
    for (Map.Entry<String, T> pattern : patterns.entrySet()) {
      if (matches(pattern.getKey(), module)) {
        return Optional.of(pattern.getValue());
      }
    }
    return Optional.empty();
  }

  /** Names of the tensors of a model that are changed. */
  public Set<String> tensors(ModelConfig model) {
    return modules(model).keySet().stream()
        .map(module -> module + ".weight")
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The same with other targets. */
  AdapterConfig on(TargetModules others) {
    return new AdapterConfig(
        rank,
        alpha,
        rankStabilised,
        weightDecomposed,
        others,
        rankPattern,
        alphaPattern,
        dropout,
        baseName,
        baseFingerprint);
  }

  /**
   * The modules of a model that factors change, in the order of the computation. To PEFT an
   * embedding is a linear module of inputs that name one token: its A is (rank, vocabulary).
   */
  public Map<String, ModelTensors.Linear> modules(ModelConfig model) {
    Map<String, ModelTensors.Linear> changed = new LinkedHashMap<>();
    changed.put(
        ModelTensors.EMBEDDING_MODULE, new ModelTensors.Linear(model.width(), model.vocabulary()));
    changed.putAll(ModelTensors.linear(model));
    changed.keySet().removeIf(module -> !targets.matches(module));
    return changed;
  }
}
