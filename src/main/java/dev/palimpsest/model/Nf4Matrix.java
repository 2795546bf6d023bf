package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Weights as 4-bit NormalFloat with double quantisation (Dettmers et al., 2305.14314), bit for bit
 * as bitsandbytes' quantize_4bit makes them: blocks of 64 weights, row after row, each divided by
 * its largest magnitude; those, less their mean, in turn in blocks of 256 by the 8-bit dynamic map.
 * 4.13 bits a weight.
 *
 * @param codes (weights / 2, rounded up), U8; the first weight of two is in the high half
 * @param scales (blocks), U8
 * @param nested largest magnitude of each block of scales, F32
 * @param offset mean of the scales
 */
record Nf4Matrix(long rows, long columns, Tensor codes, Tensor scales, Tensor nested, float offset)
    implements QuantisedMatrix {
  private static final int BLOCK = 64;
  private static final int NESTED = 256;

  /** Blocks of one piece of work. */
  private static final int PIECE = 1024;

  /** What a magnitude is at least, so that zeros can be divided by it. */
  private static final float SMALLEST = 1e-38f;

  private static final float[] PAIRS = pairs();

  private static final ValueLayout.OfFloat FLOATS = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfInt INTS = ValueLayout.JAVA_INT_UNALIGNED;

  /** Quantises a matrix, F32; what comes of it belongs to no scope. */
  static Nf4Matrix quantise(Tensor weights) {
    long count = weights.count();
    long blocks = Math.ceilDiv(count, BLOCK);
    try (Scope scope = Scope.open()) {
      Tensor codes = scope.release(Tensor.empty(DType.U8, Math.ceilDiv(count, 2)));
      Tensor largest = Tensor.empty(DType.F32, blocks);
      MemorySegment from = weights.contiguous().segment();
      QuantisedMatrix.parallel(
          Math.ceilDiv(blocks, PIECE),
          piece -> encode(from, largest.segment(), codes.segment(), (long) piece * PIECE));
      // as torch.mean: the sum in fp32, in libtorch's order, divided by the count
      float offset = (float) largest.sum().item() / blocks;
      float[] absmax = largest.floats();
      for (int i = 0; i < absmax.length; i++) {
        absmax[i] -= offset;
      }
      byte[] scales = new byte[absmax.length];
      float[] nested = nested(absmax, scales);
      return new Nf4Matrix(
          weights.size(0),
          weights.size(1),
          codes,
          scope.release(Tensor.of(MemorySegment.ofArray(scales), DType.U8, blocks)),
          scope.release(Tensor.of(nested, nested.length)),
          offset);
    }
  }

  /** A piece's blocks: their largest magnitudes and their codes. */
  private static void encode(
      MemorySegment weights, MemorySegment largest, MemorySegment codes, long firstBlock) {
    long count = weights.byteSize() / Float.BYTES;
    long blocks = Math.min(PIECE, largest.byteSize() / Float.BYTES - firstBlock);
    float[] block = new float[BLOCK];
    byte[] pairs = new byte[BLOCK / 2];
    for (long b = firstBlock; b < firstBlock + blocks; b++) {
      long at = b * BLOCK;
      int length = (int) Math.min(BLOCK, count - at);
      MemorySegment.copy(weights, FLOATS, at * Float.BYTES, block, 0, length);
      largest.setAtIndex(FLOATS, b, scaled(block, length, BLOCK));
      if (length % 2 == 1) {
        block[length] = 0;
      }
      for (int i = 0; i < length; i += 2) {
        pairs[i / 2] = (byte) (Codebook.NF4.code(block[i]) << 4 | Codebook.NF4.code(block[i + 1]));
      }
      MemorySegment.copy(pairs, 0, codes, ValueLayout.JAVA_BYTE, at / 2, Math.ceilDiv(length, 2));
    }
  }

  /** Divides a block by its largest magnitude, which is returned. */
  private static float scaled(float[] block, int length, int whole) {
    float largest = 0;
    for (int i = 0; i < length; i++) {
      largest = Math.max(largest, Math.abs(block[i]));
    }
    // bitsandbytes divides a last block that is not whole, and takes reciprocals of all others
    float divisor = Math.max(largest, SMALLEST);
    float inverse = 1 / divisor;
    for (int i = 0; i < length; i++) {
      float unit = length == whole ? block[i] * inverse : block[i] / divisor;
      block[i] = Math.clamp(unit, -1f, 1f);
    }
    return length == whole ? largest : divisor;
  }

  private static float[] nested(float[] absmax, byte[] codes) {
    float[] largest = new float[Math.ceilDiv(absmax.length, NESTED)];
    float[] block = new float[NESTED];
    for (int b = 0; b < largest.length; b++) {
      int length = Math.min(NESTED, absmax.length - b * NESTED);
      System.arraycopy(absmax, b * NESTED, block, 0, length);
      largest[b] = scaled(block, length, NESTED);
      for (int i = 0; i < length; i++) {
        codes[b * NESTED + i] = (byte) Codebook.DYNAMIC.code(block[i]);
      }
    }
    return largest;
  }

  /** Bytes of so many weights. */
  static long bytes(long count) {
    long blocks = Math.ceilDiv(count, BLOCK);
    return Math.ceilDiv(count, 2) + blocks + Math.ceilDiv(blocks, NESTED) * Float.BYTES;
  }

  @Override
  public long bytes() {
    return codes.bytes() + scales.bytes() + nested.bytes();
  }

  @Override
  public Nf4Matrix on(Device device) {
    if (codes.device() == device) {
      return this;
    }
    try (Scope scope = Scope.open()) {
      Nf4Matrix there =
          new Nf4Matrix(
              rows,
              columns,
              scope.release(codes.to(device)),
              scope.release(scales.to(device)),
              scope.release(nested.to(device)),
              offset);
      close();
      return there;
    }
  }

  @Override
  public Tensor dense(DType type) {
    Device device = codes.device();
    long blocks = scales.count();
    Tensor nestedOfBlocks =
        nested
            .unsqueeze(1)
            .expand(nested.count(), NESTED)
            .reshape(nested.count() * NESTED)
            .narrow(0, 0, blocks);
    Tensor absmax =
        Tensor.of(Codebook.DYNAMIC.values(), 256)
            .to(device)
            .rows(scales.to(DType.I32))
            .timesInPlace(nestedOfBlocks)
            .plusInPlace(offset);
    Tensor units =
        Tensor.of(PAIRS, 256, 2).to(device).rows(codes.to(DType.I32)).view(2 * codes.count());
    long missing = blocks * BLOCK - units.count();
    Tensor whole =
        missing == 0 ? units : Tensor.cat(0, List.of(units, units.newZeros(DType.F32, missing)));
    return whole
        .view(blocks, BLOCK)
        .timesInPlace(absmax.unsqueeze(1))
        .view(blocks * BLOCK)
        .narrow(0, 0, rows * columns)
        .view(rows, columns)
        .to(type);
  }

  /** What the halves of a byte stand for, by byte. */
  private static float[] pairs() {
    float[] pairs = new float[2 * 256];
    for (int code = 0; code < 256; code++) {
      pairs[2 * code] = Codebook.NF4.value(code >> 4);
      pairs[2 * code + 1] = Codebook.NF4.value(code & 15);
    }
    return pairs;
  }

  @Override
  public void dequantise(Conversion.TypedMemory out) {
    MemorySegment pairs = codes.segment();
    MemorySegment scale = scales.segment();
    MemorySegment largest = nested.segment();
    long blocks = scales.count();
    QuantisedMatrix.parallel(
        Math.ceilDiv(blocks, PIECE),
        piece -> {
          long first = (long) piece * PIECE;
          float[] absmax = new float[(int) Math.min(PIECE, blocks - first)];
          for (int i = 0; i < absmax.length; i++) {
            int code = scale.get(ValueLayout.JAVA_BYTE, first + i) & 0xff;
            absmax[i] =
                Codebook.DYNAMIC.values()[code] * largest.getAtIndex(FLOATS, (first + i) / NESTED)
                    + offset;
          }
          switch (out.type()) {
            case BF16 -> decodeBf16(pairs, absmax, first, out.memory());
            case F32 -> decodeF32(pairs, absmax, first, out.memory());
            default -> throw new IllegalArgumentException("no products in " + out.type());
          }
        });
  }

  /** A block has 16 different weights: they are rounded once, and looked up. */
  private static void decodeBf16(
      MemorySegment pairs, float[] absmax, long first, MemorySegment out) {
    int[] table = new int[16];
    byte[] in = new byte[BLOCK / 2];
    int[] both = new int[BLOCK / 2];
    float[] code = Codebook.NF4.values();
    for (int b = 0; b < absmax.length; b++) {
      for (int c = 0; c < 16; c++) {
        table[c] = Conversion.bfloat16(code[c] * absmax[b]) & 0xffff;
      }
      long at = (first + b) * BLOCK;
      int length = (int) Math.min(BLOCK, out.byteSize() / Short.BYTES - at);
      int bytes = Math.ceilDiv(length, 2);
      MemorySegment.copy(pairs, ValueLayout.JAVA_BYTE, at / 2, in, 0, bytes);
      for (int i = 0; i < bytes; i++) {
        both[i] = table[in[i] >> 4 & 15] | table[in[i] & 15] << 16;
      }
      MemorySegment.copy(both, 0, out, INTS, at * Short.BYTES, length / 2);
      if (length % 2 == 1) {
        out.set(
            ValueLayout.JAVA_SHORT_UNALIGNED,
            (at + length - 1) * Short.BYTES,
            (short) both[bytes - 1]);
      }
    }
  }

  private static void decodeF32(
      MemorySegment pairs, float[] absmax, long first, MemorySegment out) {
    float[] table = new float[16];
    byte[] in = new byte[BLOCK / 2];
    float[] floats = new float[BLOCK];
    float[] code = Codebook.NF4.values();
    for (int b = 0; b < absmax.length; b++) {
      for (int c = 0; c < 16; c++) {
        table[c] = code[c] * absmax[b];
      }
      long at = (first + b) * BLOCK;
      int length = (int) Math.min(BLOCK, out.byteSize() / Float.BYTES - at);
      MemorySegment.copy(pairs, ValueLayout.JAVA_BYTE, at / 2, in, 0, Math.ceilDiv(length, 2));
      for (int i = 0; i < length; i++) {
        floats[i] = table[i % 2 == 0 ? in[i / 2] >> 4 & 15 : in[i / 2] & 15];
      }
      MemorySegment.copy(floats, 0, out, FLOATS, at * Float.BYTES, length);
    }
  }

  @Override
  public void close() {
    codes.close();
    scales.close();
    nested.close();
  }
}
