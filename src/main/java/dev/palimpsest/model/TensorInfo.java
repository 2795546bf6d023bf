package dev.palimpsest.model;

import dev.palimpsest.tensor.FlatView;
import java.util.Arrays;

/**
 * A stored tensor as its file describes it.
 *
 * @param name Hugging Face's
 * @param storedType the file's own name of the element type, such as BF16 or Q4_1
 * @param shape row-major; a linear layer's weight is (out, in)
 * @param bytes that it takes in the file
 */
@SuppressWarnings("ArrayRecordComponent") // small, and handed to libtorch as it is
public record TensorInfo(String name, String storedType, long[] shape, long bytes) {
  /** Elements of one row: all but the first axis. */
  static long rowElements(long[] shape) {
    return FlatView.elements(Arrays.copyOfRange(shape, 1, shape.length));
  }

  /** How many rows; a vector's elements are rows of one. */
  public long rows() {
    return shape[0];
  }

  /** How many numbers. */
  public long elements() {
    long product = 1;
    for (long size : shape) {
      product *= size;
    }
    return product;
  }
}
