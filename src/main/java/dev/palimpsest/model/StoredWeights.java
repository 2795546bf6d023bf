package dev.palimpsest.model;

import java.lang.foreign.MemorySegment;

/** Weights that lie in a mapped file, and can be had as they lie there. */
public interface StoredWeights extends WeightSource {
  /**
   * The bytes of a tensor in the file's own type and order of rows; gone when this is closed.
   *
   * @throws dev.palimpsest.run.BadInput if there is no such tensor
   */
  MemorySegment stored(String name);
}
