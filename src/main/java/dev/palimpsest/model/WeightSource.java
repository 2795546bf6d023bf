package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** Weights under Hugging Face's names and in its layout, whatever file they lie in. */
public interface WeightSource extends AutoCloseable {
  /** All tensors by name, in the order of the names. */
  Map<String, TensorInfo> tensors();

  /**
   * Reads one tensor, converted to a floating type.
   *
   * @throws dev.palimpsest.run.BadInput if there is none, or it holds NaN or infinite numbers
   */
  Tensor read(String name, DType type);

  /**
   * The bytes of a tensor as they lie in the file, in the file's own type and order of rows.
   *
   * @throws dev.palimpsest.run.BadInput if there is no such tensor
   */
  MemorySegment stored(String name);

  /** Ends the mapping of the file; tensors that were read stay. */
  @Override
  void close();
}
