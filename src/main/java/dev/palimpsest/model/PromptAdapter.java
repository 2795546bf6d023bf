package dev.palimpsest.model;

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
  public void close() {
    tokens.embeddings().close();
  }
}
