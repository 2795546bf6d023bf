package dev.palimpsest.model;

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
  /** How many numbers. */
  public long elements() {
    long product = 1;
    for (long size : shape) {
      product *= size;
    }
    return product;
  }
}
