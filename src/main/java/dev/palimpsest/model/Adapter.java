package dev.palimpsest.model;

import java.util.Collections;
import java.util.LinkedHashMap;
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
