package dev.palimpsest.model;

/**
 * Which element type each tensor of a quantised GGUF file gets, as llama.cpp's quantiser chooses
 * without an importance matrix ({@code llama_tensor_get_type}): Q4_K stands for its mix Q4_K_M,
 * half of whose value and down projections are Q6_K; an output matrix, or the embedding that is
 * tied to it, is Q6_K beside any 4-bit type; and where a row has no whole count of super-blocks a
 * type with blocks of 32 takes its place, or F16.
 *
 * @param type that most matrices are to have
 * @param grouped whether attention heads share keys and values
 */
public record TypeMix(GgmlType type, int layers, boolean tiedHead, boolean grouped) {
  private static final String WEIGHT = ".weight";

  /** Layers at which llama.cpp takes a model with grouped heads for one of 70 billion weights. */
  private static final int LAYERS_OF_70B = 80;

  /** The mix for a model. */
  public static TypeMix of(GgmlType type, ModelConfig config) {
    return new TypeMix(
        type, config.layers(), config.tiedHead(), config.keyValueHeads() < config.heads());
  }

  /**
   * The type of one tensor; vectors are F32 always.
   *
   * @param name llama.cpp's
   * @param shape row-major
   */
  public GgmlType of(String name, long[] shape) {
    if (shape.length == 1 || !name.endsWith(WEIGHT) || name.endsWith("_norm.weight")) {
      return GgmlType.F32;
    }
    return fitting(wanted(name), shape[shape.length - 1]);
  }

  private GgmlType wanted(String name) {
    boolean fourBit = type == GgmlType.Q4_0 || type == GgmlType.Q4_1 || type == GgmlType.Q4_K;
    if (name.equals(tiedHead ? "token_embd.weight" : "output.weight") && fourBit) {
      return GgmlType.Q6_K;
    }
    if (type != GgmlType.Q4_K) {
      return type;
    }
    if (name.endsWith(".attn_v.weight")) {
      GgmlType rest = layers == LAYERS_OF_70B && grouped ? GgmlType.Q5_K : GgmlType.Q4_K;
      return hasMoreBits(layer(name)) ? GgmlType.Q6_K : rest;
    }
    return name.endsWith(".ffn_down.weight") && hasMoreBits(layer(name)) ? GgmlType.Q6_K : type;
  }

  /** The first and last eighth of all layers, and every third between. */
  private boolean hasMoreBits(int layer) {
    int eighth = layers / 8;
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
  }

  private static int layer(String name) {
    return Integer.parseInt(name.split("\\.", 3)[1]);
  }

  private static GgmlType fitting(GgmlType type, long row) {
    if (row % type.blockElements() == 0) {
      return type;
    }
    GgmlType smaller =
        switch (type) {
          case Q4_K -> GgmlType.Q5_0;
          case Q5_K -> GgmlType.Q5_1;
          case Q6_K -> GgmlType.Q8_0;
          default -> GgmlType.F16;
        };
    return row % smaller.blockElements() == 0 ? smaller : GgmlType.F16;
  }
}
