package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

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
  public List<Tensor> tensors() {
    return factors.values().stream().flatMap(f -> Stream.of(f.a(), f.b())).toList();
  }
}
