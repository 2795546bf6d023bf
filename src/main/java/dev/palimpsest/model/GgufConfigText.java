package dev.palimpsest.model;

import dev.palimpsest.model.ModelConfig.LayerType;
import dev.palimpsest.model.ModelConfig.Scaling;
import dev.palimpsest.run.BadInput;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The metadata of a model that came as a Hugging Face folder, as llama.cpp's converter writes it
 * ({@code convert_hf_to_gguf.py}, {@code set_gguf_parameters}).
 *
 * @param metadata without {@code general.file_type} and the tokenizer's
 * @param ropeFactors of Llama 3's rotary embedding; empty for any other
 */
@SuppressWarnings("ArrayRecordComponent") // small, never changed
record GgufConfigText(Map<String, GgufValue> metadata, float[] ropeFactors) {

  /**
   * The metadata of a folder.
   *
   * @throws BadInput if llama.cpp would compute something else of it
   */
  static GgufConfigText of(Checkpoint base) {
    ModelConfig config = base.config();
    String where = base.path().toString();
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    String name = config.architecture().name().toLowerCase(Locale.ROOT);
    metadata.put("general.architecture", new GgufValue.Text(name));
    metadata.put("general.type", new GgufValue.Text("model"));
    Optional.ofNullable(base.path().toAbsolutePath().normalize().getFileName())
        .ifPresent(file -> metadata.put("general.name", new GgufValue.Text(file.toString())));
    base.license()
        .ifPresent(license -> metadata.put("general.license", new GgufValue.Text(license)));
    sizes(config).forEach((key, value) -> metadata.put(name + "." + key, value));
    boolean llama3 = config.rope().scaling() instanceof Scaling.Llama3;
    if (llama3 && config.architecture() != Architecture.LLAMA) {
      throw new BadInput(
          where + ": rope_type llama3: llama.cpp has it in the architecture llama, not in " + name);
    }
    GgufConfigText text =
        new GgufConfigText(
            metadata, llama3 ? Rotary.factors(config.rope(), config.headWidth()) : new float[0]);
    text.requireSame(config, where);
    return text;
  }

  private static Map<String, GgufValue> sizes(ModelConfig config) {
    boolean gemma = config.architecture() == Architecture.GEMMA3;
    Map<String, GgufValue> sizes = new LinkedHashMap<>();
    sizes.put("vocab_size", whole(config.vocabulary()));
    sizes.put("block_count", whole(config.layers()));
    sizes.put("context_length", whole(config.context()));
    sizes.put("embedding_length", whole(config.width()));
    sizes.put("feed_forward_length", whole(config.feedForward()));
    sizes.put("attention.head_count", whole(config.heads()));
    sizes.put("attention.head_count_kv", whole(config.keyValueHeads()));
    if (config.rope().scaling() instanceof Scaling.Linear(double factor)) {
      sizes.put("rope.scaling.type", new GgufValue.Text("linear"));
      sizes.put("rope.scaling.factor", real(factor));
    }
    sizes.put("rope.freq_base", real(config.rope().base()));
    sizes.put("attention.layer_norm_rms_epsilon", real(config.normEpsilon()));
    sizes.put("attention.key_length", whole(config.headWidth()));
    sizes.put("attention.value_length", whole(config.headWidth()));
    sizes.put("rope.dimension_count", whole(config.headWidth()));
    if (gemma && config.layerTypes().contains(LayerType.SLIDING)) {
      sizes.put("attention.sliding_window", whole(config.window()));
      sizes.put("rope.freq_base_swa", real(config.localRope().base()));
    }
    return sizes;
  }

  static GgufValue whole(long value) {
    return new GgufValue.Whole(GgufValue.Type.U32, value);
  }

  static GgufValue real(double value) {
    return new GgufValue.Real(GgufValue.Type.F32, value);
  }

  /**
   * What is written is read again: windows, biases and scales for which an architecture of
   * llama.cpp has no key would silently be lost.
   */
  private void requireSame(ModelConfig config, String where) {
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Gguf.Entry> tensors = new LinkedHashMap<>();
      GgufLayout layout = new GgufLayout(config.architecture(), config.headWidth());
      ModelTensors.shapes(config)
          .forEach(
              (hub, shape) ->
                  layout
                      .toGguf(hub)
                      .ifPresent(
                          name ->
                              tensors.put(
                                  name,
                                  new Gguf.Entry(name, GgmlType.F32, shape, MemorySegment.NULL))));
      if (ropeFactors.length > 0) {
        tensors.put(
            GgufWeights.ROPE_FACTORS,
            new Gguf.Entry(
                GgufWeights.ROPE_FACTORS,
                GgmlType.F32,
                new long[] {ropeFactors.length},
                arena.allocateFrom(ValueLayout.JAVA_FLOAT, ropeFactors)));
      }
      ModelConfig read = GgufConfig.parse(Gguf.planned(Path.of(where), metadata, tensors));
      boolean sameRope =
          ropeFactors.length > 0
              && new Rotary(read.rope(), read.headWidth())
                  .closeTo(new Rotary(config.rope(), config.headWidth()));
      differences(config, sameRope ? read.withRope(config.rope()) : read, where);
    }
  }

  private static void differences(ModelConfig config, ModelConfig read, String where) {
    if (config.window() != read.window() || !config.layerTypes().equals(read.layerTypes())) {
      throw new BadInput(
          where
              + ": sliding_window "
              + config.window()
              + " in "
              + config.layerTypes().stream().filter(LayerType.SLIDING::equals).count()
              + " of "
              + config.layers()
              + " layers: llama.cpp computes architecture "
              + config.architecture().name().toLowerCase(Locale.ROOT)
              + " without it; export --format hf keeps it");
    }
    if (config.queryScale() != read.queryScale()) {
      throw new BadInput(
          where
              + ": query_pre_attn_scalar "
              + 1 / (config.queryScale() * config.queryScale())
              + ": GGUF has no key for it, and llama.cpp would take the width of a head");
    }
    if (!config.equals(read)) {
      throw new BadInput(
          where
              + ": GGUF has no words for this model: it would be read as "
              + read
              + ", is "
              + config);
    }
  }
}
