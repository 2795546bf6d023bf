package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.PackedMatrix;

/**
 * In which type a decoder keeps its weights and computes. Norms, rotary embedding, attention, the
 * residual stream, logits and losses are fp32 always.
 */
public enum Precision {
  FP32(WeightFormat.PLAIN),
  /** On a processor that does not multiply in bf16 the weights alone are; products are fp32. */
  BF16(WeightFormat.PLAIN),
  /**
   * The matrices of the blocks in 4-bit NormalFloat (2305.14314), dequantised for each product;
   * embedding and head in the type of the products, bf16 where the processor has it, else fp32.
   */
  NF4(WeightFormat.NF4),
  /** The same in 8-bit integers, one scale a row (2208.07339 without its outliers). */
  INT8(WeightFormat.INT8);

  private final WeightFormat format;

  Precision(WeightFormat format) {
    this.format = format;
  }

  /** The type of what is multiplied. */
  public DType products() {
    return switch (this) {
      case FP32 -> DType.F32;
      case BF16 -> format() == WeightFormat.HALF ? DType.F32 : DType.BF16;
      case NF4, INT8 -> Device.best().hasBf16() ? DType.BF16 : DType.F32;
    };
  }

  /** The type of weights that are not quantised. */
  public DType weights() {
    return format().plain(products());
  }

  WeightFormat format() {
    return this == BF16 && PackedMatrix.paysInHalf() ? WeightFormat.HALF : format;
  }

  /** Whether weights are kept in fewer bits than products need. */
  public boolean quantised() {
    return format.quantises();
  }

  /** All of it that can change an answer, in words. */
  public String key() {
    String where = Device.best() == Device.CPU ? "" : " on " + Device.best();
    return format() == WeightFormat.PLAIN ? name() + where : name() + " in " + products() + where;
  }

  /** bf16 where this machine multiplies such weights faster, else fp32. */
  public static Precision best() {
    return Device.best().hasBf16() || PackedMatrix.paysInHalf() ? BF16 : FP32;
  }
}
