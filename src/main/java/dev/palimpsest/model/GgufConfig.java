package dev.palimpsest.model;

import dev.palimpsest.model.ModelConfig.LayerType;
import dev.palimpsest.model.ModelConfig.Rope;
import dev.palimpsest.model.ModelConfig.Scaling;
import dev.palimpsest.run.BadInput;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a model's configuration from the metadata of a GGUF file. Values that the file leaves to
 * the reader are those of llama.cpp ({@code src/llama-model.cpp}).
 */
final class GgufConfig {
  private final Gguf file;
  private final String prefix;
  private final Architecture architecture;

  private GgufConfig(Gguf file, String name, Architecture architecture) {
    this.file = file;
    this.prefix = name + ".";
    this.architecture = architecture;
  }

  /**
   * The configuration of a file.
   *
   * @throws BadInput naming the key
   */
  static ModelConfig parse(Gguf file) {
    String kind = file.text("general.type").orElse("model");
    if (!kind.equals("model")) {
      throw new BadInput(file.path() + ": holds a GGUF " + kind + ", not a model");
    }
    String name =
        file.text("general.architecture")
            .orElseThrow(() -> new BadInput(file.path() + ": general.architecture is missing"));
    Architecture architecture =
        switch (name) {
          case "llama" -> Architecture.LLAMA;
          case "qwen2" -> Architecture.QWEN2;
          case "qwen3" -> Architecture.QWEN3;
          case "gemma3" -> Architecture.GEMMA3;
          default ->
              throw new BadInput(
                  file.path()
                      + ": general.architecture "
                      + name
                      + " is not known; known are llama, qwen2, qwen3, gemma3");
        };
    return new GgufConfig(file, name, architecture).config();
  }

  private BadInput fault(String key, Object value, String expected) {
    return new BadInput(file.path() + ": " + prefix + key + " is " + value + ", not " + expected);
  }

  private Optional<Integer> positive(String key) {
    return file.whole(prefix + key)
        .map(
            value -> {
              if (value < 1 || value > Integer.MAX_VALUE) {
                throw fault(key, value, "a whole number from 1 to 2147483647");
              }
              return value.intValue();
            });
  }

  private int required(String key) {
    return positive(key)
        .orElseThrow(() -> new BadInput(file.path() + ": " + prefix + key + " is missing"));
  }

  private double above0(String key, double otherwise) {
    double value = file.real(prefix + key).orElse(otherwise);
    if (!Double.isFinite(value) || value <= 0) {
      throw fault(key, value, "a number above 0");
    }
    return value;
  }

  private ModelConfig config() {
    refuseUnknownArithmetic();
    int layers = required("block_count");
    if (layers > HubConfig.MOST_LAYERS) {
      throw fault("block_count", layers, "at most " + HubConfig.MOST_LAYERS);
    }
    int width = required("embedding_length");
    int heads = required("attention.head_count");
    int headWidth = headWidth(width, heads);
    List<LayerType> types = layerTypes(layers);
    Rope rope = new Rope(above0("rope.freq_base", 10_000), scaling(headWidth));
    boolean gemma = architecture == Architecture.GEMMA3;
    try {
      return new ModelConfig(
          architecture,
          vocabulary(),
          width,
          layers,
          heads,
          positive("attention.head_count_kv").orElse(heads),
          headWidth,
          required("feed_forward_length"),
          Optional.empty(),
          required("context_length"),
          above0("attention.layer_norm_rms_epsilon", 1e-5),
          queryScale(layers, width, heads, headWidth),
          !file.tensors().containsKey("output.weight"),
          file.tensors().containsKey("blk.0.attn_q.bias"),
          file.tensors().containsKey("blk.0.attn_output.bias"),
          types.contains(LayerType.SLIDING) ? required("attention.sliding_window") : 0,
          types,
          rope,
          gemma ? new Rope(above0("rope.freq_base_swa", 10_000), new Scaling.None()) : rope);
    } catch (IllegalArgumentException e) {
      throw new BadInput(file.path() + ": " + e.getMessage(), e);
    }
  }

  private void refuseUnknownArithmetic() {
    if (positiveOrZero("expert_count") > 0) {
      throw new BadInput(file.path() + ": a mixture of experts (expert_count) is not known");
    }
    for (String key : List.of("attn_logit_softcapping", "final_logit_softcapping")) {
      double value = file.real(prefix + key).orElse(0.0);
      if (value != 0) {
        throw fault(key, value, "0, the only setting known");
      }
    }
  }

  private long positiveOrZero(String key) {
    return file.whole(prefix + key).orElse(0L);
  }

  private int headWidth(int width, int heads) {
    int headWidth = positive("attention.key_length").orElse(Math.max(1, width / heads));
    int values = positive("attention.value_length").orElse(headWidth);
    int rotated = positive("rope.dimension_count").orElse(headWidth);
    if (values != headWidth) {
      throw fault("attention.value_length", values, headWidth + ", the width of keys");
    }
    if (rotated != headWidth) {
      throw fault("rope.dimension_count", rotated, headWidth + ", the width of a head");
    }
    return headWidth;
  }

  private int vocabulary() {
    Gguf.Entry embedding = file.tensors().get("token_embd.weight");
    if (embedding == null || embedding.shape().length != 2) {
      throw new BadInput(file.path() + ": has no two-axis tensor token_embd.weight");
    }
    if (embedding.shape()[0] > Integer.MAX_VALUE) {
      throw new BadInput(file.path() + ": token_embd.weight has more rows than a vocabulary can");
    }
    return (int) embedding.shape()[0];
  }

  private double queryScale(int layers, int width, int heads, int headWidth) {
    // the file does not say; llama.cpp knows Gemma 3 27B, the only other one, by its 62 layers
    boolean largest = architecture == Architecture.GEMMA3 && layers == 62;
    return 1 / Math.sqrt(largest ? (double) width / heads : headWidth);
  }

  private List<LayerType> layerTypes(int layers) {
    List<LayerType> types = new ArrayList<>(layers);
    boolean gemma = architecture == Architecture.GEMMA3;
    // llama.cpp has no windows in Qwen; Mistral's, where the file has one, is in every layer
    boolean everywhere =
        architecture == Architecture.LLAMA && positiveOrZero("attention.sliding_window") > 0;
    String patternKey = prefix + "attention.sliding_window_pattern";
    int pattern =
        file.metadata().get(patternKey) instanceof GgufValue.Whole
            ? required("attention.sliding_window_pattern")
            : 6;
    for (int i = 0; i < layers; i++) {
      boolean slides = everywhere || (gemma && (i + 1) % pattern != 0);
      types.add(slides ? LayerType.SLIDING : LayerType.FULL);
    }
    if (gemma && file.metadata().get(patternKey) instanceof GgufValue.Wholes listed) {
      return listed(listed.values(), layers);
    }
    return types;
  }

  private List<LayerType> listed(long[] slides, int layers) {
    if (slides.length != layers) {
      throw fault(
          "attention.sliding_window_pattern", slides.length + " long", "one for each layer");
    }
    List<LayerType> types = new ArrayList<>(layers);
    for (long flag : slides) {
      types.add(flag != 0 ? LayerType.SLIDING : LayerType.FULL);
    }
    return types;
  }

  private Scaling scaling(int headWidth) {
    Gguf.Entry factors = file.tensors().get(GgufWeights.ROPE_FACTORS);
    if (factors != null) {
      return new Scaling.Factors(factors(factors, headWidth));
    }
    double old = file.real(prefix + "rope.scale_linear").orElse(1.0);
    String type = file.text(prefix + "rope.scaling.type").orElse(old == 1 ? "none" : "linear");
    return switch (type) {
      case "none" -> new Scaling.None();
      case "linear" -> {
        double factor = above0("rope.scaling.factor", old);
        yield factor == 1 ? new Scaling.None() : new Scaling.Linear(factor);
      }
      default -> throw fault("rope.scaling.type", type, "none or linear, the types known");
    };
  }

  private List<Double> factors(Gguf.Entry entry, int headWidth) {
    if (entry.type() != GgmlType.F32 || entry.bytes().byteSize() != 2L * headWidth) {
      throw new BadInput(
          file.path() + ": rope_freqs.weight does not hold an F32 for every pair of a head");
    }
    MemorySegment bytes = entry.bytes();
    List<Double> factors = new ArrayList<>();
    for (int i = 0; i < headWidth / 2; i++) {
      float factor = bytes.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
      if (!Float.isFinite(factor) || factor <= 0) {
        throw new BadInput(file.path() + ": rope_freqs.weight holds " + factor);
      }
      factors.add((double) factor);
    }
    return factors;
  }
}
