package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;

/** What a GGUF file stores its matrices in ({@code llama.h}, {@code llama_ftype}). */
public enum GgufFileType {
  F32(0, GgmlType.F32),
  F16(1, GgmlType.F16),
  BF16(32, GgmlType.BF16);

  private final int id;
  private final GgmlType matrices;

  GgufFileType(int id, GgmlType matrices) {
    this.id = id;
    this.matrices = matrices;
  }

  /** The value of {@code general.file_type}. */
  int id() {
    return id;
  }

  /**
   * The type of a tensor, by llama.cpp's name. Norms and vectors are F32 in every file, as its
   * converter has them.
   */
  GgmlType of(String name, long[] shape) {
    return shape.length == 1 || name.endsWith("_norm.weight") ? GgmlType.F32 : matrices;
  }

  /** The one of a model's matrices, if it is a float type; else F32. */
  public static GgufFileType of(Checkpoint base) {
    DType type = ModelFolder.floatType(base);
    return type == DType.F16 ? F16 : type == DType.BF16 ? BF16 : F32;
  }
}
