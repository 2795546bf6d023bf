package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.RandomTensors;
import dev.palimpsest.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** A decoder in the shape of SmolLM2-135M with random weights, and random documents for it. */
public final class RandomModel {
  private RandomModel() {}

  /** SmolLM2-135M's shape. */
  public static ModelConfig config() {
    ModelConfig.Rope rope = new ModelConfig.Rope(100000, new ModelConfig.Scaling.None());
    int layers = 30;
    return new ModelConfig(
        Architecture.LLAMA,
        49152,
        576,
        layers,
        9,
        3,
        64,
        1536,
        Optional.empty(),
        8192,
        1e-5,
        0.125,
        true,
        false,
        false,
        0,
        Collections.nCopies(layers, ModelConfig.LayerType.FULL),
        rope,
        rope);
  }

  /** The decoder, on the CPU. */
  public static Decoder decoder(Precision precision) {
    Map<String, long[]> shapes = ModelTensors.shapes(config());
    Map<String, TensorInfo> infos = new LinkedHashMap<>();
    shapes.forEach((name, shape) -> infos.put(name, new TensorInfo(name, "F32", shape, 0)));
    WeightSource source =
        new WeightSource() {
          @Override
          public Map<String, TensorInfo> tensors() {
            return infos;
          }

          @Override
          public Tensor read(String name, DType type) {
            return RandomTensors.of(type, infos.get(name).shape());
          }

          @Override
          public void close() {}
        };
    return Decoder.load(config(), source, precision, Device.CPU);
  }

  /** Ids of one document. */
  public static int[] document(int tokens) {
    return new SplittableRandom(tokens).ints(tokens, 0, config().vocabulary()).toArray();
  }
}
