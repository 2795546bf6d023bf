package dev.palimpsest.model;

import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Optional;

/** A soft prompt, or a prefix. */
public record PromptAdapter(
    VirtualTokens tokens, Optional<String> baseName, Optional<String> baseFingerprint)
    implements PeftAdapter {
  @Override
  public PromptAdapter on(Device device) {
    Tensor embeddings = tokens.embeddings();
    if (embeddings.device() == device) {
      return this;
    }
    try (Scope scope = Scope.open()) {
      Tensor moved = scope.keep(embeddings.to(device));
      return new PromptAdapter(new VirtualTokens(tokens.kind(), moved), baseName, baseFingerprint);
    }
  }

  @Override
  public AdaptedDecoder over(Decoder decoder) {
    return new AdaptedDecoder(decoder, tokens);
  }

  @Override
  public void close() {
    tokens.embeddings().close();
  }
}
