package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
   * The dial between base (0) and adapter (1): alpha multiplied, so nothing is rounded into the
   * factors.
   *
   * @throws BadInput over DoRA
   */
  public Adapter scaled(double factor) {
    Map<String, Factors> scaled = new LinkedHashMap<>(factors);
    scaled.replaceAll((module, each) -> each.scaled(factor));
    return new Adapter(config.scaled(factor), scaled);
  }

  /**
   * One plain LoRA that changes what this and another change together: the A one below the other,
   * the B side by side (PEFT's {@code cat}), in the scope that is open. Nothing is approximated;
   * where the scales differ, this one's B takes the quotient.
   *
   * @throws BadInput over DoRA
   */
  public Adapter and(Adapter other) {
    config.requireStackable();
    other.config.requireStackable();
    Map<String, Factors> joined = new LinkedHashMap<>(whole().factors);
    other.whole().factors.forEach((module, each) -> joined.merge(module, each, Factors::and));
    TargetModules targets =
        factors.keySet().containsAll(joined.keySet())
            ? config.targets()
            : other.factors.keySet().containsAll(joined.keySet())
                ? other.config.targets()
                : TargetModules.of(new TargetModules.Names.Listed(List.copyOf(joined.keySet())));
    return new Adapter(config.of(joined, targets), joined);
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
