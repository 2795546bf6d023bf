package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A LoRA adapter.
 *
 * @param factors by Hugging Face module name, such as {@code model.layers.0.self_attn.q_proj}
 * @param ends in the place of the base's embedding and head
 */
public record Adapter(AdapterConfig config, Map<String, Factors> factors, EndWeights ends)
    implements PeftAdapter {
  /** One of factors alone. */
  public Adapter(AdapterConfig config, Map<String, Factors> factors) {
    this(config, factors, EndWeights.NONE);
  }

  /** Copies the map and keeps its order. */
  public Adapter {
    factors = Collections.unmodifiableMap(new LinkedHashMap<>(factors));
  }

  /**
   * What PEFT and its kin can hold: where there is a start, the same change as a plain LoRA of
   * twice the rank, over the base as it is, in the scope that is open.
   */
  public Adapter whole() {
    if (factors.values().stream().allMatch(each -> each.start() == null)) {
      return this;
    }
    Map<String, Factors> whole = new LinkedHashMap<>(factors);
    whole.replaceAll((module, each) -> each.whole());
    return new Adapter(config.doubled(), whole, ends);
  }

  /**
   * The same change with one scale for all modules, in the scope that is open: that of most stays,
   * what another's is more goes into its B. The configuration's rank is the largest. For readers
   * that know no patterns (vLLM's {@code lora/peft_helper.py}); PEFT reads it, too.
   *
   * @throws BadInput over DoRA, or weights in the place of the base's
   */
  public Adapter uniform() {
    Problems problems = new Problems();
    if (config.weightDecomposed()) {
      problems.add("DoRA's magnitudes are no product of factors");
    }
    if (!ends.isEmpty()) {
      String modules = String.join(" and ", ends.modules());
      problems.add(modules + ": weights of its own (modules_to_save, trainable_token_indices)");
    }
    problems.throwIfAny("factors alone cannot say what this adapter does; merge it");
    Map<String, Factors> uniform = new LinkedHashMap<>(whole().factors);
    AdapterConfig usual = AdapterConfig.plain(uniform, config.targets());
    uniform.replaceAll((module, each) -> each.atScale(usual.alpha() / usual.rank()));
    return new Adapter(
        AdapterConfig.uniform(uniform, config.targets()).overBaseOf(config), uniform);
  }

  /** All that was learned, each tensor once. */
  Stream<Tensor> tensors() {
    return Stream.concat(factors.values().stream().flatMap(Factors::all), ends.tensors());
  }

  /**
   * The dial between base (0) and adapter (1): alpha multiplied, so nothing is rounded into the
   * factors.
   *
   * @throws BadInput over DoRA, or weights in the place of the base's
   */
  public Adapter scaled(double factor) {
    requireFactorsAlone();
    Map<String, Factors> scaled = new LinkedHashMap<>(factors);
    scaled.replaceAll((module, each) -> each.scaled(factor));
    return new Adapter(config.scaled(factor), scaled);
  }

  /**
   * One plain LoRA that changes what this and another change together, in the scope that is open.
   *
   * @throws BadInput over DoRA, or if one has weights in the place of the base's
   */
  public Adapter and(Adapter other) {
    requireFactorsAlone();
    other.requireFactorsAlone();
    config.requireStackable();
    other.config.requireStackable();
    Map<String, Factors> joined = new LinkedHashMap<>(whole().factors);
    other
        .whole()
        .factors
        .forEach(
            (module, each) ->
                joined.merge(module, each, (one, two) -> Factors.sum(List.of(one, two))));
    TargetModules targets =
        factors.keySet().containsAll(joined.keySet())
            ? config.targets()
            : other.factors.keySet().containsAll(joined.keySet())
                ? other.config.targets()
                : TargetModules.of(new TargetModules.Names.Listed(List.copyOf(joined.keySet())));
    return new Adapter(AdapterConfig.plain(joined, targets).overBaseOf(config), joined);
  }

  /** Embedding and head, where they are changed in any way. */
  public Set<String> endModules() {
    Set<String> changed = new TreeSet<>(ends.modules());
    changed.addAll(factors.keySet());
    changed.retainAll(ModelTensors.END_MODULES);
    return changed;
  }

  /**
   * Checks that a base that ties embedding and head can have the change in it.
   *
   * @throws BadInput if one would be changed without the other
   */
  void requireTied(String where) {
    boolean byFactors = !Collections.disjoint(factors.keySet(), ModelTensors.END_MODULES);
    if (byFactors || !ends.alike()) {
      throw new BadInput(
          where
              + ": the adapter changes "
              + String.join(" and ", endModules())
              + " (target_modules, modules_to_save or trainable_token_indices) so that one is not"
              + " the other any more, and the base ties them; only score, generate and ledger take"
              + " it");
    }
  }

  private void requireFactorsAlone() {
    if (!ends.isEmpty()) {
      throw new BadInput(
          "an adapter with weights of its own for "
              + String.join(" and ", ends.modules())
              + " can neither be scaled nor stacked");
    }
  }

  /** A plain LoRA of factors that may differ in rank and scale. */
  public static Adapter plain(Map<String, Factors> factors, ModelConfig model) {
    return new Adapter(AdapterConfig.plain(factors, targets(factors.keySet(), model)), factors);
  }

  /** By the last part of their names where that says it, as other readers like it better. */
  private static TargetModules targets(Set<String> modules, ModelConfig model) {
    List<String> kinds =
        modules.stream().map(each -> each.substring(each.lastIndexOf('.') + 1)).distinct().toList();
    TargetModules byKind = TargetModules.of(new TargetModules.Names.Listed(kinds));
    boolean all =
        ModelTensors.linear(model).keySet().stream()
            .filter(byKind::matches)
            .allMatch(modules::contains);
    return all ? byKind : TargetModules.of(new TargetModules.Names.Listed(List.copyOf(modules)));
  }

  /** The same factors beside other ends. */
  public Adapter with(EndWeights other) {
    return new Adapter(config, factors, other);
  }

  /** The same over a base that is known. */
  public Adapter over(String name, String fingerprint) {
    return new Adapter(config.over(name, fingerprint), factors, ends);
  }

  @Override
  public Optional<String> baseName() {
    return config.baseName();
  }

  @Override
  public Optional<String> baseFingerprint() {
    return config.baseFingerprint();
  }

  @Override
  public Adapter on(Device device) {
    if (tensors().allMatch(each -> each.device() == device)) {
      return this;
    }
    try (Scope scope = Scope.open()) {
      Map<String, Factors> moved = new LinkedHashMap<>(factors);
      moved.replaceAll((module, each) -> each.on(device));
      Adapter there = new Adapter(config, moved, ends.on(device));
      there.tensors().forEach(scope::keep);
      return there;
    }
  }

  @Override
  public AdaptedDecoder over(Decoder decoder) {
    return new AdaptedDecoder(decoder, factors, ends);
  }

  @Override
  public void close() {
    factors.values().forEach(Factors::close);
    ends.close();
  }
}
