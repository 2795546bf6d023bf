package dev.palimpsest.model;

import dev.palimpsest.model.ModelConfig.LayerType;
import dev.palimpsest.model.ModelConfig.Mixture;
import dev.palimpsest.model.ModelConfig.Rope;
import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Reads a {@code config.json} of transformers, 4.x or 5.x. Fields that are absent mean what the
 * configuration class of the architecture says; whatever would change the arithmetic and is not
 * understood is refused by name.
 */
final class HubConfig {
  /** More layers than any decoder has; a bound on what a hostile file makes us allocate. */
  static final int MOST_LAYERS = 10_000;

  private static final int MOST_EXPERTS = 100_000;

  private static final Set<String> KNOWN =
      Collections.unmodifiableSet(
          new TreeSet<>(
              Set.of("llama", "mistral", "mixtral", "qwen2", "qwen3", "gemma3_text", "gemma3")));

  private final JsonFields fields;
  private final String type;
  private final Architecture architecture;

  private HubConfig(JsonFields fields, String type) {
    this.fields = fields;
    this.type = type;
    this.architecture =
        switch (type) {
          case "llama", "mistral", "mixtral" -> Architecture.LLAMA;
          case "qwen2" -> Architecture.QWEN2;
          case "qwen3" -> Architecture.QWEN3;
          default -> Architecture.GEMMA3;
        };
  }

  /**
   * The configuration in a document.
   *
   * @param where names the file in errors
   * @throws BadInput naming the field
   */
  static ModelConfig parse(JsonNode document, String where) {
    JsonFields outer = new JsonFields(document, where);
    String type =
        outer
            .text("model_type")
            .orElseThrow(() -> new BadInput(where + ": model_type is missing; known are " + KNOWN));
    if (!KNOWN.contains(type)) {
      throw new BadInput(where + ": model_type " + type + " is not known; known are " + KNOWN);
    }
    if (outer.has("quantization_config")) {
      throw new BadInput(
          where + ": weights quantised by quantization_config are not read; take the plain model");
    }
    if (!type.equals("gemma3")) {
      return new HubConfig(outer, type).config(false);
    }
    JsonFields text =
        outer
            .object("text_config")
            .orElseThrow(() -> new BadInput(where + ": text_config is missing"));
    return new HubConfig(text, type).config(outer.flag("tie_word_embeddings", true));
  }

  private boolean gemma() {
    return architecture == Architecture.GEMMA3;
  }

  private ModelConfig config(boolean outerTied) {
    refuseUnknownArithmetic();
    int layers =
        gemma() ? fields.positive("num_hidden_layers", 26) : fields.positive("num_hidden_layers");
    if (layers > MOST_LAYERS) {
      throw fields.fault("num_hidden_layers", "at most " + MOST_LAYERS);
    }
    int width = gemma() ? fields.positive("hidden_size", 2304) : fields.positive("hidden_size");
    int heads =
        gemma()
            ? fields.positive("num_attention_heads", 8)
            : fields.positive("num_attention_heads");
    int headWidth = fields.positive("head_dim", defaultHeadWidth(width, heads));
    boolean bias =
        fields.flag("attention_bias", false) && !type.equals("mistral") && !type.equals("mixtral");
    List<LayerType> types = layerTypes(layers);
    boolean slides = types.contains(LayerType.SLIDING);
    HubRope rope =
        new HubRope(fields, gemma(), gemma() || type.equals("mixtral") ? 1_000_000 : 10_000);
    Rope everywhere = rope.full();
    try {
      return new ModelConfig(
          architecture,
          gemma() ? fields.positive("vocab_size", 262_208) : fields.positive("vocab_size"),
          width,
          layers,
          heads,
          fields.positive("num_key_value_heads", defaultKeyValueHeads(heads)),
          headWidth,
          gemma()
              ? fields.positive("intermediate_size", 9216)
              : fields.positive("intermediate_size"),
          mixture(layers),
          fields.positive("max_position_embeddings", defaultContext()),
          epsilon(),
          queryScale(headWidth),
          fields.flag("tie_word_embeddings", type.equals("gemma3_text") || outerTied),
          bias || type.equals("qwen2"),
          bias && !type.equals("qwen2"),
          slides ? window() : 0,
          types,
          everywhere,
          gemma() ? rope.local() : everywhere);
    } catch (IllegalArgumentException e) {
      throw new BadInput(fields.where() + ": " + e.getMessage(), e);
    }
  }

  private void refuseUnknownArithmetic() {
    String activation = gemma() ? "gelu_pytorch_tanh" : "silu";
    for (String field : List.of("hidden_act", "hidden_activation")) {
      String found = fields.text(field).orElse(activation);
      // transformers' Gemma 3 reads hidden_activation alone
      if (!found.equals(activation) && !(gemma() && field.equals("hidden_act"))) {
        throw fields.fault(field, activation + ", the only one known for " + type);
      }
    }
    for (String field : List.of("mlp_bias", "use_bidirectional_attention")) {
      if (fields.flag(field, false)) {
        throw fields.fault(field, "false, the only setting known");
      }
    }
    for (String field : List.of("attn_logit_softcapping", "final_logit_softcapping")) {
      if (fields.has(field)) {
        throw fields.fault(field, "null, the only setting known");
      }
    }
    if (fields.real("router_jitter_noise").orElse(0.0) != 0) {
      throw fields.fault("router_jitter_noise", "0, the only setting known");
    }
    double partial = fields.real("partial_rotary_factor").orElse(1.0);
    if (partial != 1) {
      throw fields.fault("partial_rotary_factor", "1, the only setting known");
    }
  }

  private int defaultHeadWidth(int width, int heads) {
    return switch (type) {
      case "qwen3" -> 128;
      case "gemma3", "gemma3_text" -> 256;
      default -> Math.max(1, width / heads);
    };
  }

  private int defaultKeyValueHeads(int heads) {
    return gemma() ? 4 : type.equals("mixtral") ? 8 : heads;
  }

  private Optional<Mixture> mixture(int layers) {
    if (!type.equals("mixtral")) {
      return Optional.empty();
    }
    int experts = fields.positive("num_local_experts", 8);
    if (experts > MOST_EXPERTS / layers) {
      throw fields.fault("num_local_experts", "at most " + MOST_EXPERTS + " in all layers");
    }
    return Optional.of(new Mixture(experts, fields.positive("num_experts_per_tok", 2)));
  }

  private int defaultContext() {
    return switch (type) {
      case "llama" -> 2048;
      case "qwen2", "qwen3" -> 32_768;
      default -> 131_072;
    };
  }

  private double epsilon() {
    double epsilon = fields.real("rms_norm_eps").orElse(type.equals("mixtral") ? 1e-5 : 1e-6);
    if (epsilon <= 0 || epsilon >= 1) {
      throw fields.fault("rms_norm_eps", "between 0 and 1");
    }
    return epsilon;
  }

  private double queryScale(int headWidth) {
    double scalar = gemma() ? fields.real("query_pre_attn_scalar").orElse(256.0) : headWidth;
    if (scalar <= 0) {
      throw fields.fault("query_pre_attn_scalar", "a number above 0");
    }
    return 1 / Math.sqrt(scalar);
  }

  /** The window in tokens, this one included; 0 where the model has none. */
  private int window() {
    return switch (type) {
      // Mistral's class has a window unless the file says null
      case "mistral" ->
          fields.node().has("sliding_window") && !fields.has("sliding_window")
              ? 0
              : fields.positive("sliding_window", 4096);
      case "mixtral" -> fields.has("sliding_window") ? fields.positive("sliding_window") : 0;
      case "qwen2", "qwen3" ->
          fields.flag("use_sliding_window", false) ? fields.positive("sliding_window", 4096) : 0;
      case "gemma3", "gemma3_text" -> fields.positive("sliding_window", 4096);
      default -> 0;
    };
  }

  private List<LayerType> layerTypes(int layers) {
    // Mistral's and Mixtral's classes ignore layer_types, Llama's does not know sliding windows
    boolean listed =
        !type.equals("mistral") && !type.equals("mixtral") && fields.has("layer_types");
    return listed ? listedTypes() : impliedTypes(layers);
  }

  private List<LayerType> listedTypes() {
    List<LayerType> types = new ArrayList<>();
    for (String name : fields.texts("layer_types").orElseThrow()) {
      types.add(
          switch (name) {
            case "full_attention" -> LayerType.FULL;
            case "sliding_attention" -> {
              if (window() == 0) {
                throw new BadInput(
                    fields.where() + ": layer_types has sliding_attention, but there is no window");
              }
              yield LayerType.SLIDING;
            }
            default ->
                throw new BadInput(
                    fields.where()
                        + ": layer_types has "
                        + name
                        + "; known are full_attention, sliding_attention");
          });
    }
    return types;
  }

  private List<LayerType> impliedTypes(int layers) {
    int pattern = gemma() ? fields.positive("sliding_window_pattern", 6) : 1;
    int firstSliding = fields.whole("max_window_layers").orElse(28);
    List<LayerType> types = new ArrayList<>(layers);
    for (int i = 0; i < layers; i++) {
      boolean slides =
          switch (type) {
            case "mistral", "mixtral" -> window() > 0;
            case "qwen2", "qwen3" -> window() > 0 && i >= firstSliding;
            case "gemma3", "gemma3_text" -> (i + 1) % pattern != 0;
            default -> false;
          };
      types.add(slides ? LayerType.SLIDING : LayerType.FULL);
    }
    return types;
  }
}
