package dev.palimpsest.tensor;

import jdk.incubator.vector.FloatVector;

/**
 * Where each row's heads lie in a tensor's memory, F32 or BF16.
 *
 * @param width of a head, whose elements lie side by side
 * @param toRow bytes from row to row
 * @param toHead bytes from head to head
 */
record HeadRows(long address, int width, long toRow, long toHead, boolean narrow) {

  /** Whether a tensor's rows may be computed here: the JVM has vectors, and no graph records it. */
  static boolean takes(Tensor tensor) {
    return Cpu.hasVectors()
        && tensor.handle().is_cpu()
        && !tensor.recorded()
        && (tensor.dtype() == DType.F32 || tensor.dtype() == DType.BF16);
  }

  /** Of a tensor, (rows, heads, width) or (rows, width), F32 or BF16. */
  static HeadRows of(Tensor tensor) {
    DType type = tensor.dtype();
    if ((type != DType.F32 && type != DType.BF16) || tensor.handle().stride(-1) != 1) {
      throw new IllegalArgumentException("heads side by side in F32 or BF16, not " + type);
    }
    long bytes = type.bytes();
    return new HeadRows(
        tensor.address(),
        Math.toIntExact(tensor.size(-1)),
        bytes * tensor.handle().stride(0),
        tensor.handle().dim() == 2 ? 0 : bytes * tensor.handle().stride(1),
        type == DType.BF16);
  }

  private long at(int row, int head) {
    return address + row * toRow + head * toHead;
  }

  void load(int row, int head, float[] into, int at) {
    long from = at(row, head);
    int i = 0;
    if (narrow) {
      for (; i <= width - Lanes.COUNT; i += Lanes.COUNT) {
        Lanes.narrow(from + 2L * i).intoArray(into, at + i);
      }
      for (; i < width; i++) {
        into[at + i] = Lanes.getNarrow(from + 2L * i);
      }
    } else {
      for (; i <= width - Lanes.COUNT; i += Lanes.COUNT) {
        Lanes.wide(from + 4L * i).intoArray(into, at + i);
      }
      for (; i < width; i++) {
        into[at + i] = Lanes.getFloat(from + 4L * i);
      }
    }
  }

  void store(int row, int head, float[] values, int at) {
    long to = at(row, head);
    int i = 0;
    if (narrow) {
      for (; i <= width - Lanes.COUNT; i += Lanes.COUNT) {
        Lanes.putNarrow(FloatVector.fromArray(Lanes.FLOATS, values, at + i), to + 2L * i);
      }
      for (; i < width; i++) {
        Lanes.putNarrow(values[at + i], to + 2L * i);
      }
    } else {
      for (; i <= width - Lanes.COUNT; i += Lanes.COUNT) {
        Lanes.putWide(FloatVector.fromArray(Lanes.FLOATS, values, at + i), to + 4L * i);
      }
      for (; i < width; i++) {
        Lanes.putFloat(values[at + i], to + 4L * i);
      }
    }
  }
}
