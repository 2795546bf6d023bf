package dev.palimpsest.model;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Tensor;
import java.util.Map;

/**
 * Tiny decoders over quantised weights, and over plain ones of the same values; products in fp32.
 */
public final class QuantisedDecoders {
  private QuantisedDecoders() {}

  /** Weights that are dequantised for each product. */
  public static Decoder quantised(String checkpoint, Precision precision) {
    try (Checkpoint stored = Checkpoint.open(Reference.checkpoint(checkpoint))) {
      return Decoder.load(stored.config(), stored.weights(), precision, DType.F32, Device.best());
    }
  }

  /** Weights that were quantised and dequantised before. */
  static Decoder dequantised(String checkpoint, Precision precision) {
    try (Checkpoint stored = Checkpoint.open(Reference.checkpoint(checkpoint))) {
      WeightSource source = new Dequantised(stored.config(), stored.weights(), precision);
      return Decoder.load(stored.config(), source, Precision.FP32, Device.best());
    }
  }

  private record Dequantised(ModelConfig config, WeightSource stored, Precision precision)
      implements WeightSource {
    @Override
    public Map<String, TensorInfo> tensors() {
      return stored.tensors();
    }

    @Override
    public Tensor read(String name, DType type) {
      String module = name.replaceAll("\\.weight$", "");
      if (module.equals("lm_head") || !ModelTensors.linear(config).containsKey(module)) {
        return stored.read(name, type);
      }
      Tensor weight = stored.read(name, DType.F32);
      try (QuantisedMatrix quantised =
          precision == Precision.NF4 ? Nf4Matrix.quantise(weight) : Int8Matrix.quantise(weight)) {
        return QuantisedMatrixTest.dense(quantised, type);
      }
    }

    @Override
    public void close() {}
  }
}
