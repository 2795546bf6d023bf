package dev.palimpsest.model;

import dev.palimpsest.model.ModelConfig.LinearModule;
import java.util.LinkedHashMap;
import java.util.Map;

/** The tensors that a configuration calls for, by Hugging Face's names. */
public final class ModelTensors {
  private ModelTensors() {}

  /** All tensors with their shapes: the embedding, the layers, the last norm, an untied head. */
  public static Map<String, long[]> shapes(ModelConfig config) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    long[] table = {config.vocabulary(), config.width()};
    shapes.put("model.embed_tokens.weight", table);
    for (int i = 0; i < config.layers(); i++) {
      norms(shapes, "model.layers." + i + ".", config);
    }
    for (LinearModule module : config.linearModules()) {
      shapes.put(module.name() + ".weight", new long[] {module.out(), module.in()});
      if (biased(config, module.name())) {
        shapes.put(module.name() + ".bias", new long[] {module.out()});
      }
    }
    shapes.put("model.norm.weight", new long[] {config.width()});
    if (!config.tiedHead()) {
      shapes.put("lm_head.weight", table);
    }
    return shapes;
  }

  private static void norms(Map<String, long[]> shapes, String prefix, ModelConfig config) {
    long[] norm = {config.width()};
    shapes.put(prefix + "input_layernorm.weight", norm);
    shapes.put(prefix + "post_attention_layernorm.weight", norm);
    if (config.architecture() == Architecture.GEMMA3) {
      shapes.put(prefix + "pre_feedforward_layernorm.weight", norm);
      shapes.put(prefix + "post_feedforward_layernorm.weight", norm);
    }
    if (config.queryKeyNorm()) {
      shapes.put(prefix + "self_attn.q_norm.weight", new long[] {config.headWidth()});
      shapes.put(prefix + "self_attn.k_norm.weight", new long[] {config.headWidth()});
    }
  }

  private static boolean biased(ModelConfig config, String module) {
    return module.endsWith(".o_proj")
        ? config.outputBias()
        : module.contains(".self_attn.") && config.queryKeyValueBias();
  }
}
