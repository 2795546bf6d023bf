package dev.palimpsest.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A LoRA adapter.
 *
 * @param factors by Hugging Face module name, such as {@code model.layers.0.self_attn.q_proj}
 */
public record Adapter(AdapterConfig config, Map<String, Factors> factors) implements PeftAdapter {
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
    return new Adapter(config.doubled(), whole);
  }

  /**
   * A plain LoRA of factors that may differ in rank, all of scale 1.
   *
   * @throws IllegalArgumentException if there are none
   */
  public static Adapter plain(Map<String, Factors> factors, ModelConfig model) {
    Map<Integer, Long> counts =
        factors.values().stream()
            .collect(Collectors.groupingBy(Factors::rank, TreeMap::new, Collectors.counting()));
    int usual = Collections.max(counts.entrySet(), Map.Entry.comparingByValue()).getKey();
    Map<String, Integer> ranks = new LinkedHashMap<>();
    Map<String, Double> alphas = new LinkedHashMap<>();
    factors.forEach(
        (module, each) -> {
          if (each.scale() != 1) {
            throw new IllegalArgumentException(module + " has the scale " + each.scale());
          }
          if (each.rank() != usual) {
            ranks.put(module, each.rank());
            alphas.put(module, (double) each.rank());
          }
        });
    return new Adapter(
        new AdapterConfig(
            usual,
            usual,
            false,
            false,
            targets(factors.keySet(), model),
            ranks,
            alphas,
            0,
            Optional.empty(),
            Optional.empty()),
        factors);
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
    return all
        ? byKind
        : TargetModules.of(new TargetModules.Names.Listed(List.copyOf(modules)));
  }

  /** The same over a base that is known. */
  public Adapter over(String name, String fingerprint) {
    return new Adapter(config.over(name, fingerprint), factors);
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
  public AdaptedDecoder over(Decoder decoder) {
    return new AdaptedDecoder(decoder, factors);
  }

  @Override
  public void close() {
    factors.values().forEach(Factors::close);
  }
}
