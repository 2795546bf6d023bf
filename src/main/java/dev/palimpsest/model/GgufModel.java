package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Writes a model as one GGUF file. From a GGUF base the metadata are carried over; from a Hugging
 * Face folder they are what llama.cpp's converter writes.
 *
 * @param metadata all of it
 * @param ropeFactors of Llama 3's rotary embedding, if it has one
 */
@SuppressWarnings("ArrayRecordComponent") // small, never changed
public record GgufModel(
    Checkpoint base, GgufFileType type, Map<String, GgufValue> metadata, float[] ropeFactors) {
  private static final String FILE_TYPE = "general.file_type";
  private static final String QUANTISATION_VERSION = "general.quantization_version";

  /** Keeps the order of the keys. */
  public GgufModel {
    metadata = new LinkedHashMap<>(metadata);
  }

  /**
   * Plans the file; to be asked before long work.
   *
   * @throws dev.palimpsest.run.BadInput naming what of the model or its tokenizer GGUF has no words
   *     for
   */
  public static GgufModel of(Checkpoint base, GgufFileType type) {
    requireDense(base);
    return of(base, type, base.weights() instanceof GgufWeights ? Map.of() : GgufTokens.of(base));
  }

  /**
   * Fails over a mixture of experts, whose tensors llama.cpp fuses.
   *
   * @throws BadInput naming the model
   */
  public static void requireDense(Checkpoint base) {
    if (base.config().mixture().isPresent()) {
      throw new BadInput(
          base.path() + ": a mixture of experts is not written as GGUF; give --format hf");
    }
  }

  /** The same with other metadata of the tokenizer, where the base is a folder. */
  static GgufModel of(Checkpoint base, GgufFileType type, Map<String, GgufValue> tokenizer) {
    if (base.weights() instanceof GgufWeights gguf) {
      return new GgufModel(base, type, carried(gguf.file(), type), ropeFactors(base.config()));
    }
    GgufConfigText text = GgufConfigText.of(base);
    Map<String, GgufValue> metadata = new LinkedHashMap<>(text.metadata());
    metadata.put(FILE_TYPE, GgufConfigText.whole(type.id()));
    metadata.put(QUANTISATION_VERSION, GgufConfigText.whole(2));
    metadata.putAll(tokenizer);
    return new GgufModel(base, type, metadata, text.ropeFactors());
  }

  /** All but what was said of the file's own bytes. */
  private static Map<String, GgufValue> carried(Gguf file, GgufFileType type) {
    Map<String, GgufValue> metadata = new LinkedHashMap<>(file.metadata());
    metadata
        .keySet()
        .removeIf(key -> key.equals("general.alignment") || key.startsWith("quantize.imatrix."));
    metadata.put(FILE_TYPE, GgufConfigText.whole(type.id()));
    metadata.put(QUANTISATION_VERSION, GgufConfigText.whole(2));
    return metadata;
  }

  private static float[] ropeFactors(ModelConfig config) {
    if (!(config.rope().scaling() instanceof ModelConfig.Scaling.Factors(var factors))) {
      return new float[0];
    }
    float[] values = new float[factors.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = factors.get(i).floatValue();
    }
    return values;
  }

  /**
   * Writes the file.
   *
   * @param changed a tensor that is not the base's any more, by Hugging Face's name, in the type
   *     that is asked for
   */
  public void write(Path file, BiFunction<String, DType, Optional<Tensor>> changed) {
    ModelConfig config = base.config();
    GgufLayout layout = new GgufLayout(config.architecture(), config.headWidth());
    Map<String, String> hubNames = new LinkedHashMap<>();
    List<GgufWriter.Plan> plans = new ArrayList<>();
    if (ropeFactors.length > 0) {
      plans.add(
          new GgufWriter.Plan(
              GgufWeights.ROPE_FACTORS, GgmlType.F32, new long[] {ropeFactors.length}));
    }
    TypeMix mix = TypeMix.of(type.matrices(), config);
    ModelTensors.shapes(config)
        .forEach(
            (hub, shape) -> {
              String name = layout.toGguf(hub).orElseThrow();
              hubNames.put(name, hub);
              plans.add(new GgufWriter.Plan(name, mix.of(name, shape), shape));
            });
    GgufTensors tensors = new GgufTensors(base, layout, changed);
    GgufWriter.write(
        file,
        metadata,
        plans,
        (plan, out) -> {
          if (plan.name().equals(GgufWeights.ROPE_FACTORS)) {
            GgufTensors.encode(plan, Tensor.of(ropeFactors, ropeFactors.length), out);
          } else {
            tensors.write(Objects.requireNonNull(hubNames.get(plan.name())), plan, out);
          }
        });
  }
}
