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
    factors
        .values()
        .forEach(
            each -> {
              each.a().close();
              each.b().close();
            });
  }
}
