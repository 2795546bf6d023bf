package dev.palimpsest.model;

import dev.palimpsest.model.ModelConfig.LayerType;
import dev.palimpsest.model.ModelConfig.Rope;
import dev.palimpsest.model.ModelConfig.Scaling;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code config.json} of a model that came without one. Its form is that of transformers 4,
 * which 5 reads too.
 */
record HubConfigText(ModelConfig config, String where) {
  /** Where the type of the weights stands, since transformers 5 and before. */
  private static final String NEWER = "dtype";

  private static final String OLDER = "torch_dtype";

  /** Of Llama 3.1 and 3.2: what GGUF files keep is only what follows from it. */
  private static final List<Scaling.Llama3> LLAMA3 =
      List.of(new Scaling.Llama3(8, 1, 4, 8192), new Scaling.Llama3(32, 1, 4, 8192));

  /**
   * The document.
   *
   * @throws BadInput if the layout has no words for something in the model
   */
  static ObjectNode of(Checkpoint base) {
    return of(base, base.config());
  }

  /** The same for a model of another shape that has the base's tokenizer. */
  static ObjectNode of(Checkpoint base, ModelConfig config) {
    String where = base.path().toString();
    ModelConfig told = config.withRope(told(config.rope(), config.headWidth(), where));
    ObjectNode document = new HubConfigText(told, where).document();
    if (!HubConfig.parse(document, where).equals(told)) {
      throw new BadInput(
          where
              + ": config.json has no words for this model (biases or windows that its architecture"
              + " does not have); take the model's Hugging Face folder");
    }
    ModelText text = base.text();
    text.bos().ifPresent(id -> document.put("bos_token_id", id));
    if (!text.endTokens().isEmpty()) {
      document.put("eos_token_id", new TreeSet<>(text.endTokens()).first());
    }
    document.put(OLDER, name(ModelFolder.floatType(base)));
    return document;
  }

  /**
   * A {@code config.json} whose model has other blocks now, is wider, or knows more tokens.
   *
   * @throws BadInput if the document has no words for that
   */
  static ObjectNode reshaped(JsonNode document, ModelConfig config, String where) {
    if (document.has("text_config")) {
      throw new BadInput(
          where
              + ": a text model inside of one that sees images; what joins them would not fit any"
              + " more, take the text model alone");
    }
    ObjectNode whole = (ObjectNode) document.deepCopy();
    config.mixture().ifPresent(mixture -> mixed(whole, mixture, config));
    whole.put("vocab_size", config.vocabulary());
    whole.put("hidden_size", config.width());
    whole.put("intermediate_size", config.feedForward());
    whole.put("num_hidden_layers", config.layers());
    whole.put("num_attention_heads", config.heads());
    whole.put("num_key_value_heads", config.keyValueHeads());
    boolean mixed = config.layerTypes().stream().distinct().count() > 1;
    if (whole.has("layer_types") || mixed) {
      layerTypes(config, whole);
    }
    if (!HubConfig.parse(whole, where).equals(config)) {
      throw new BadInput(
          where + ": config.json has no words for the grown model; take another method or model");
    }
    return whole;
  }

  /** What Mixtral's class has no word for, or means something else by where it is not said. */
  private static void mixed(ObjectNode document, ModelConfig.Mixture mixture, ModelConfig config) {
    document.putArray("architectures").add("MixtralForCausalLM");
    document.put("model_type", "mixtral");
    document.put("num_local_experts", mixture.experts());
    document.put("num_experts_per_tok", mixture.chosen());
    document.put("head_dim", config.headWidth());
    document.put("max_position_embeddings", config.context());
    document.put("rms_norm_eps", config.normEpsilon());
    document.put("tie_word_embeddings", config.tiedHead());
    window(config, document);
    if (!document.has("rope_parameters")) {
      document.put("rope_theta", config.rope().base());
    }
    document.remove(List.of("attention_bias", "mlp_bias", "layer_types", "pretraining_tp"));
  }

  private static void window(ModelConfig config, ObjectNode document) {
    if (config.window() > 0) {
      document.put("sliding_window", config.window());
    } else {
      document.putNull("sliding_window");
    }
  }

  private static void layerTypes(ModelConfig config, ObjectNode document) {
    var types = document.putArray("layer_types");
    config
        .layerTypes()
        .forEach(each -> types.add(each.name().toLowerCase(Locale.ROOT) + "_attention"));
  }

  /** A {@code config.json} of weights that are stored in another type now. */
  static JsonNode in(DType type, JsonNode document) {
    if (document instanceof ObjectNode whole) {
      whole.put(whole.has(NEWER) ? NEWER : OLDER, name(type));
    }
    if (document.path("text_config") instanceof ObjectNode text && text.has(NEWER)) {
      text.put(NEWER, name(type));
    }
    return document;
  }

  private static String name(DType type) {
    return switch (type) {
      case F16 -> "float16";
      case BF16 -> "bfloat16";
      default -> "float32";
    };
  }

  /** The rotary embedding as config.json says it. */
  private static Rope told(Rope rope, int headWidth, String where) {
    if (!(rope.scaling() instanceof Scaling.Factors)) {
      return rope;
    }
    Rotary stored = new Rotary(rope, headWidth);
    return LLAMA3.stream()
        .map(scaling -> new Rope(rope.base(), scaling))
        .filter(candidate -> new Rotary(candidate, headWidth).closeTo(stored))
        .findFirst()
        .orElseThrow(
            () ->
                new BadInput(
                    where
                        + ": rope_freqs.weight are not Llama 3.1's nor 3.2's factors, and"
                        + " config.json has no other words; take the model's Hugging Face folder"));
  }

  private ObjectNode document() {
    ObjectNode document = Json.mapper().createObjectNode();
    boolean gemma = config.architecture() == Architecture.GEMMA3;
    String type = type();
    document.putArray("architectures").add(architecture());
    document.put("model_type", type);
    document.put("vocab_size", config.vocabulary());
    document.put("hidden_size", config.width());
    document.put("intermediate_size", config.feedForward());
    document.put("num_hidden_layers", config.layers());
    document.put("num_attention_heads", config.heads());
    document.put("num_key_value_heads", config.keyValueHeads());
    document.put("head_dim", config.headWidth());
    document.put("max_position_embeddings", config.context());
    document.put("rms_norm_eps", config.normEpsilon());
    document.put("tie_word_embeddings", config.tiedHead());
    if (gemma) {
      document.put("hidden_activation", "gelu_pytorch_tanh");
      document.put(
          "query_pre_attn_scalar", Math.round(1 / (config.queryScale() * config.queryScale())));
      document.put("rope_local_base_freq", config.localRope().base());
      layerTypes(config, document);
    } else {
      document.put("hidden_act", "silu");
    }
    document.put(
        "attention_bias", config.architecture() != Architecture.QWEN2 && config.outputBias());
    if (config.window() > 0 || type.equals("mistral")) {
      window(config, document);
    }
    document.put("rope_theta", config.rope().base());
    scaling().ifPresent(scaling -> document.set("rope_scaling", scaling));
    config.mixture().ifPresent(mixture -> mixed(document, mixture, config));
    return document;
  }

  private Optional<ObjectNode> scaling() {
    ObjectNode scaling = Json.mapper().createObjectNode();
    return switch (config.rope().scaling()) {
      case Scaling.None() -> Optional.empty();
      case Scaling.Linear(double factor) ->
          Optional.of(scaling.put("rope_type", "linear").put("factor", factor));
      case Scaling.Llama3 llama3 ->
          Optional.of(
              scaling
                  .put("rope_type", "llama3")
                  .put("factor", llama3.factor())
                  .put("low_freq_factor", llama3.lowFactor())
                  .put("high_freq_factor", llama3.highFactor())
                  .put("original_max_position_embeddings", llama3.originalContext()));
      case Scaling.Factors _ -> throw new IllegalStateException("told as Llama 3's before");
    };
  }

  private String type() {
    return switch (config.architecture()) {
      case LLAMA -> config.layerTypes().contains(LayerType.SLIDING) ? "mistral" : "llama";
      case QWEN2 -> "qwen2";
      case QWEN3 -> "qwen3";
      case GEMMA3 -> "gemma3_text";
    };
  }

  private String architecture() {
    return switch (type()) {
      case "mistral" -> "MistralForCausalLM";
      case "qwen2" -> "Qwen2ForCausalLM";
      case "qwen3" -> "Qwen3ForCausalLM";
      case "gemma3_text" -> "Gemma3ForCausalLM";
      default -> "LlamaForCausalLM";
    };
  }
}
