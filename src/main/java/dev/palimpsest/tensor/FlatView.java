package dev.palimpsest.tensor;

import java.util.Arrays;

/**
 * Where a tensor lies in a flat vector.
 *
 * @param name Hugging Face's or PEFT's
 * @param offset of its first element
 */
@SuppressWarnings("ArrayRecordComponent") // small, handed to libtorch as it is
public record FlatView(String name, long offset, long[] shape) {
  /** How many elements. */
  public long count() {
    return elements(shape);
  }

  /** How many elements a tensor of some shape has. */
  public static long elements(long... shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** The tensor itself, of one of the vectors. */
  public Tensor in(Tensor flat) {
    return flat.narrow(0, offset, count()).view(shape);
  }
}
