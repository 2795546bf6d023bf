package dev.palimpsest.model;

import dev.palimpsest.tensor.FlatView;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tensors and linear modules that a configuration calls for, by Hugging Face's names. */
public final class ModelTensors {
  /** The linear modules of a block, in the order of the computation. */
  public static final List<String> LINEAR =
      List.of(
          "self_attn.q_proj",
          "self_attn.k_proj",
          "self_attn.v_proj",
          "self_attn.o_proj",
          "mlp.gate_proj",
          "mlp.up_proj",
          "mlp.down_proj");

  /** What the names of a mixture's tensors in a block begin with. */
  static final String MIXTURE = "block_sparse_moe.";

  private ModelTensors() {}

  /** The embedding, (vocabulary, width). */
  public static final String EMBEDDING = "model.embed_tokens.weight";

  /** The last norm, (width). */
  public static final String NORM = "model.norm.weight";

  /** The head, (vocabulary, width), where it is not the embedding. */
  public static final String HEAD = "lm_head.weight";

  /** The module of the embedding. */
  public static final String EMBEDDING_MODULE = "model.embed_tokens";

  /** The module of the head. */
  public static final String HEAD_MODULE = "lm_head";

  /** Both. */
  public static final List<String> END_MODULES = List.of(EMBEDDING_MODULE, HEAD_MODULE);

  /** Sizes of a linear module. */
  public record Linear(long out, long in) {}

  /** All tensors with their shapes, from the embedding to the head. */
  public static Map<String, long[]> shapes(ModelConfig config) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    long[] norm = {config.width()};
    long[] table = {config.vocabulary(), config.width()};
    shapes.put(EMBEDDING, table);
    for (int i = 0; i < config.layers(); i++) {
      layer(shapes, "model.layers." + i + ".", config);
    }
    shapes.put(NORM, norm);
    if (!config.tiedHead()) {
      shapes.put(HEAD, table);
    }
    return shapes;
  }

  private static void layer(Map<String, long[]> shapes, String prefix, ModelConfig config) {
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
    for (String module : adapted(config)) {
      Linear linear = linear(config, module);
      shapes.put(prefix + module + ".weight", new long[] {linear.out, linear.in});
      if (biased(config, module)) {
        shapes.put(prefix + module + ".bias", new long[] {linear.out});
      }
    }
    config
        .mixture()
        .ifPresent(mixture -> experts(shapes, prefix + MIXTURE, mixture.experts(), config));
  }

  private static void experts(
      Map<String, long[]> shapes, String prefix, int experts, ModelConfig config) {
    shapes.put(prefix + "gate.weight", new long[] {experts, config.width()});
    for (int i = 0; i < experts; i++) {
      String expert = prefix + "experts." + i + ".";
      shapes.put(expert + "w1.weight", new long[] {config.feedForward(), config.width()});
      shapes.put(expert + "w2.weight", new long[] {config.width(), config.feedForward()});
      shapes.put(expert + "w3.weight", new long[] {config.feedForward(), config.width()});
    }
  }

  /**
   * The linear modules of a block that an adapter changes. A mixture's experts are none: in
   * transformers they are no modules but slices of one parameter.
   */
  private static List<String> adapted(ModelConfig config) {
    return config.mixture().isEmpty()
        ? LINEAR
        : LINEAR.stream().filter(each -> each.startsWith("self_attn.")).toList();
  }

  private static boolean biased(ModelConfig config, String module) {
    return switch (module) {
      case "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj" -> config.queryKeyValueBias();
      case "self_attn.o_proj" -> config.outputBias();
      default -> false;
    };
  }

  /** Sizes of a linear module of a block, such as {@code self_attn.q_proj}. */
  static Linear linear(ModelConfig config, String module) {
    long queries = (long) config.heads() * config.headWidth();
    long keys = (long) config.keyValueHeads() * config.headWidth();
    return switch (module) {
      case "self_attn.q_proj" -> new Linear(queries, config.width());
      case "self_attn.k_proj", "self_attn.v_proj" -> new Linear(keys, config.width());
      case "self_attn.o_proj" -> new Linear(config.width(), queries);
      case "mlp.gate_proj", "mlp.up_proj" -> new Linear(config.feedForward(), config.width());
      case "mlp.down_proj" -> new Linear(config.width(), config.feedForward());
      default -> throw new IllegalArgumentException("no linear module of a block: " + module);
    };
  }

  /**
   * All linear modules of the blocks with their sizes, and the head, which "all-linear" leaves out,
   * last; the embedding is none of them, nor are a mixture's router and experts.
   */
  public static Map<String, Linear> linear(ModelConfig config) {
    Map<String, Linear> modules = new LinkedHashMap<>();
    for (int i = 0; i < config.layers(); i++) {
      for (String module : adapted(config)) {
        modules.put("model.layers." + i + "." + module, linear(config, module));
      }
    }
    modules.put(HEAD_MODULE, new Linear(config.vocabulary(), config.width()));
    return modules;
  }

  /**
   * The tensor of a dense block that one of a mixture stands for, such as {@code
   * mlp.down_proj.weight} for {@code block_sparse_moe.experts.3.w2.weight}; for a router the one
   * that reads the same input. Other names are their own.
   */
  public static String dense(String inBlock) {
    if (!inBlock.startsWith(MIXTURE)) {
      return inBlock;
    }
    return inBlock.endsWith(".w2.weight")
        ? "mlp.down_proj.weight"
        : inBlock.endsWith(".w3.weight") ? "mlp.up_proj.weight" : "mlp.gate_proj.weight";
  }

  /**
   * How many of the blocks' matrices' numbers a token is multiplied with: of a mixture those of the
   * chosen experts.
   */
  public static long activeWeights(ModelConfig config) {
    long linear =
        linear(config).entrySet().stream()
            .filter(module -> !module.getKey().equals(HEAD_MODULE))
            .mapToLong(module -> module.getValue().in * module.getValue().out)
            .sum();
    long expert = 3L * config.width() * config.feedForward();
    long mixed =
        config
            .mixture()
            .map(each -> (long) each.experts() * config.width() + each.chosen() * expert)
            .orElse(0L);
    return linear + config.layers() * mixed;
  }

  /** How many of a tensor's numbers a token meets on average: an expert is chosen now and then. */
  public static long active(ModelConfig config, FlatView tensor) {
    return tensor.name().contains("." + MIXTURE + "experts.")
        ? config
            .mixture()
            .map(each -> tensor.count() * each.chosen() / each.experts())
            .orElseThrow()
        : tensor.count();
  }

  /** The first of the modules of a block that read the same input as this one. */
  public static String reading(String module) {
    return module.replaceFirst("[kv]_proj$", "q_proj").replaceFirst("up_proj$", "gate_proj");
  }
}
