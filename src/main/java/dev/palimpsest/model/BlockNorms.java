package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The norms of one block, by Hugging Face's names. */
record BlockNorms(ModelConfig config, int layer, WeightGradients gradients) {
  static final String BEFORE_ATTENTION = "input_layernorm";
  static final String QUERY = "self_attn.q_norm";
  static final String KEY = "self_attn.k_norm";
  static final String AFTER_ATTENTION = "post_attention_layernorm";
  static final String AFTER_FEED_FORWARD = "post_feedforward_layernorm";

  /** The other architectures call this one after the attention that comes before it. */
  static String beforeFeedForward(ModelConfig config) {
    return config.architecture() == Architecture.GEMMA3
        ? "pre_feedforward_layernorm"
        : AFTER_ATTENTION;
  }

  /**
   * One norm, with the gradient of its weight where that trains.
   *
   * @param weight null where the architecture has no such norm
   */
  FrozenNorm of(@Nullable Tensor weight, String name) {
    Tensor byWeight =
        weight == null
            ? null
            : gradients.of("model.layers." + layer + "." + name + ".weight").orElse(null);
    return new FrozenNorm(weight, config.normEpsilon(), byWeight);
  }
}
