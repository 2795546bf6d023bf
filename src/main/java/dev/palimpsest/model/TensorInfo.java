package dev.palimpsest.model;

import java.util.List;

/**
 * What a file says of one tensor.
 *
 * @param name as Hugging Face names it
 * @param storedType the file's own word, such as F32, BF16, Q4_1
 * @param shape in Hugging Face's order, outermost axis first
 * @param bytes stored
 */
public record TensorInfo(String name, String storedType, List<Long> shape, long bytes) {
  /** Copies the shape. */
  public TensorInfo {
    shape = List.copyOf(shape);
  }
}
