package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Weights as 8-bit integers under one scale a row: the weights' part of LLM.int8() (Dettmers et
 * al., 2208.07339), bit for bit as bitsandbytes' int8_vectorwise_quant makes them of fp32. Inputs
 * stay in the type of the products, so there are no outliers to take apart. 8 bits a weight and 32
 * a row.
 *
 * @param codes (rows, columns), I8
 * @param largest magnitude of each row, F32
 */
record Int8Matrix(Tensor codes, Tensor largest) implements QuantisedMatrix {
  private static final float STEP = 1 / 127f;
  private static final ValueLayout.OfFloat FLOATS = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /** Quantises a matrix, F32; what comes of it belongs to no scope. */
  static Int8Matrix quantise(Tensor weights) {
    try (Scope scope = Scope.open()) {
      Tensor codes = scope.release(Tensor.empty(DType.I8, weights.shape()));
      Tensor largest = scope.release(Tensor.empty(DType.F32, weights.size(0)));
      MemorySegment from = weights.contiguous().segment();
      MemorySegment to = codes.segment();
      MemorySegment scales = largest.segment();
      int columns = Math.toIntExact(weights.size(1));
      QuantisedMatrix.parallel(
          weights.size(0),
          row -> {
            float[] numbers = new float[columns];
            MemorySegment.copy(
                from, FLOATS, (long) row * columns * Float.BYTES, numbers, 0, columns);
            byte[] rounded = new byte[columns];
            scales.setAtIndex(FLOATS, row, encode(numbers, rounded));
            MemorySegment.copy(
                rounded, 0, to, ValueLayout.JAVA_BYTE, (long) row * columns, columns);
          });
      return new Int8Matrix(codes, largest);
    }
  }

  /** Codes of a row; its largest magnitude. */
  private static float encode(float[] row, byte[] codes) {
    float largest = 0;
    for (float number : row) {
      largest = Math.max(largest, Math.abs(number));
    }
    if (largest > 0) { // else all are zero
      float scale = 127 / largest;
      for (int i = 0; i < row.length; i++) {
        codes[i] = (byte) Math.rint(row[i] * scale);
      }
    }
    return largest;
  }

  /** Bytes of a matrix. */
  static long bytes(long rows, long columns) {
    return rows * columns + rows * Float.BYTES;
  }

  @Override
  public long rows() {
    return codes.size(0);
  }

  @Override
  public long columns() {
    return codes.size(1);
  }

  @Override
  public long bytes() {
    return codes.bytes() + largest.bytes();
  }

  @Override
  public Int8Matrix on(Device device) {
    if (codes.device() == device) {
      return this;
    }
    try (Scope scope = Scope.open()) {
      Int8Matrix there =
          new Int8Matrix(scope.release(codes.to(device)), scope.release(largest.to(device)));
      close();
      return there;
    }
  }

  @Override
  public Tensor dense(DType type) {
    return codes
        .to(DType.F32)
        .timesInPlace(largest.unsqueeze(1))
        .timesInPlace(STEP) // two roundings, as below
        .to(type);
  }

  @Override
  public void dequantise(Conversion.TypedMemory out) {
    int columns = Math.toIntExact(columns());
    MemorySegment from = codes.segment();
    MemorySegment scales = largest.segment();
    QuantisedMatrix.parallel(
        rows(),
        row -> {
          byte[] in = new byte[columns];
          MemorySegment.copy(from, ValueLayout.JAVA_BYTE, (long) row * columns, in, 0, columns);
          float scale = scales.getAtIndex(FLOATS, row);
          float[] numbers = new float[columns];
          for (int i = 0; i < columns; i++) {
            numbers[i] = in[i] * scale * STEP; // two roundings, as there
          }
          long at = (long) row * columns * out.type().bytes();
          switch (out.type()) {
            case BF16 -> {
              short[] shorts = new short[columns];
              for (int i = 0; i < columns; i++) {
                shorts[i] = Conversion.bfloat16(numbers[i]);
              }
              MemorySegment.copy(
                  shorts, 0, out.memory(), ValueLayout.JAVA_SHORT_UNALIGNED, at, columns);
            }
            case F32 -> MemorySegment.copy(numbers, 0, out.memory(), FLOATS, at, columns);
            default -> throw new IllegalArgumentException("no products in " + out.type());
          }
        });
  }

  @Override
  public void close() {
    codes.close();
    largest.close();
  }
}
