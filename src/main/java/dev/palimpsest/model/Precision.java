package dev.palimpsest.model;

import dev.palimpsest.tensor.Cpu;
import dev.palimpsest.tensor.DType;

/**
 * In which type a decoder computes. Norms, rotary embedding, attention, the residual stream, logits
 * and losses are fp32 always; this is the type of the weights and of the matrix products.
 */
public enum Precision {
  FP32(DType.F32),
  BF16(DType.BF16);

  private final DType products;

  Precision(DType products) {
    this.products = products;
  }

  /** The type of weights and of what they are multiplied with. */
  public DType products() {
    return products;
  }

  /** bf16 where the processor has it, else fp32. */
  public static Precision best() {
    return Cpu.hasBf16() ? BF16 : FP32;
  }
}
