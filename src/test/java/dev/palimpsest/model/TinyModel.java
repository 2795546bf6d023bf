package dev.palimpsest.model;

import dev.palimpsest.run.Json;

/** A llama of one layer, width 8. */
final class TinyModel {
  static final String CONFIG =
      """
      {"model_type": "llama", "hidden_size": 8, "intermediate_size": 12, "vocab_size": 16,
       "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
       "tie_word_embeddings": true}""";

  private TinyModel() {}

  static ModelConfig config() {
    return HubConfig.parse(Json.parse(CONFIG, "tiny"), "config.json");
  }
}
