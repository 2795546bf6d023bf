package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Weights that lie in a mapped file, and can be had as they lie there. */
public interface StoredWeights extends WeightSource {
  /**
   * The bytes of a tensor in the file's own type and order of rows; gone when this is closed.
   *
   * @throws dev.palimpsest.run.BadInput if there is no such tensor
   */
  MemorySegment stored(String name);

  /**
   * Some rows of a tensor, dequantised or converted, in the caller's scope; a vector's elements are
   * rows of one.
   *
   * @return (count, elements of a row)
   * @throws dev.palimpsest.run.BadInput as {@link #read}
   */
  Tensor rows(String name, DType type, long from, long count);
}
