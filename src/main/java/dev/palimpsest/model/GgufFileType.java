package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import java.util.List;

/** What a GGUF file stores its matrices in ({@code llama.h}, {@code llama_ftype}). */
public enum GgufFileType {
  F32(0, GgmlType.F32),
  F16(1, GgmlType.F16),
  BF16(32, GgmlType.BF16),
  Q8_0(7, GgmlType.Q8_0),
  Q4_0(2, GgmlType.Q4_0),
  Q4_1(3, GgmlType.Q4_1),
  Q4_K_M(15, GgmlType.Q4_K);

  /** The types that store every number by itself. */
  public static final List<GgufFileType> PLAIN = List.of(F32, F16, BF16);

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

  /** The type of most matrices; {@link TypeMix} knows which have another. */
  public GgmlType matrices() {
    return matrices;
  }

  /** The one of a model's matrices, if it is a float type; else F32. */
  public static GgufFileType of(Checkpoint base) {
    DType type = ModelFolder.floatType(base);
    return type == DType.F16 ? F16 : type == DType.BF16 ? BF16 : F32;
  }
}
