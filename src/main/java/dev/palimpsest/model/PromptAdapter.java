package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** A soft prompt, or a prefix. */
public record PromptAdapter(
    VirtualTokens tokens, Optional<String> baseName, Optional<String> baseFingerprint)
    implements PeftAdapter {
  @Override
  public AdaptedDecoder over(Decoder decoder) {
    return new AdaptedDecoder(decoder, tokens);
  }

  @Override
  public List<Tensor> tensors() {
    return List.of(tokens.embeddings());
  }
}
