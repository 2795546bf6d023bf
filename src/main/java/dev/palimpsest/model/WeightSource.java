package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.util.Map;

/**
 * The stored weights of a model, under Hugging Face's names and in its layout, whatever the file.
 */
public interface WeightSource extends AutoCloseable {
  /** All tensors in the order of the file. */
  Map<String, TensorInfo> tensors();

  /**
   * One tensor, dequantised or converted, in the caller's scope.
   *
   * @throws dev.palimpsest.run.BadInput if it is absent or holds a value that is not finite
   */
  Tensor read(String name, DType type);

  @Override
  void close();
}
