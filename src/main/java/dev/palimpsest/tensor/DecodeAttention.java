package dev.palimpsest.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Attention of one new row of each of several sequences to the rows that are kept of its own: two
 * products of a matrix and a vector for each head. An operation for many rows lays keys and values
 * out anew for its tiles, which takes longer than these products (docs/decisions/decoding.md). A
 * sequence's bits hang on its own rows alone.
 */
public final class DecodeAttention {
  /** Multiplications that take as long as an element does in {@link Team#compute}. */
  private static final int AN_ELEMENT = 16;

  private final int[] first;
  private final int[] count;

  /**
   * Which rows are seen.
   *
   * @param first row that each sequence sees
   * @param count of rows that it sees from there on, 1 or more
   */
  public DecodeAttention(int[] first, int[] count) {
    this.first = first.clone();
    this.count = count.clone();
  }

  /**
   * Keys and values of one layer.
   *
   * @param keys (sequences, capacity, heads, dim), F32
   * @param values as keys
   * @param capacity rows of each sequence
   * @param heads that queries share
   */
  public record Kept(MemorySegment keys, MemorySegment values, int capacity, int heads, int dim) {

    /** Of two tensors, which must live as long. */
    public static Kept of(Tensor keys, Tensor values, int capacity) {
      return new Kept(
          keys.segment(),
          values.segment(),
          capacity,
          Math.toIntExact(keys.size(-2)),
          Math.toIntExact(keys.size(-1)));
    }

    private int stride() {
      return heads * dim;
    }

    private long offset(int sequence, int row, int head) {
      return (((long) sequence * capacity + row) * stride() + (long) head * dim) * Float.BYTES;
    }

    /**
     * Keeps a row of a sequence.
     *
     * @param from its keys and, after them, its values
     * @param at the first one's place
     */
    public void put(int sequence, int row, float[] from, int at) {
      long to = offset(sequence, row, 0);
      MemorySegment.copy(from, at, keys, ValueLayout.JAVA_FLOAT, to, stride());
      MemorySegment.copy(from, at + stride(), values, ValueLayout.JAVA_FLOAT, to, stride());
    }
  }

  /**
   * Softmax(q · kᵀ · scale) · v.
   *
   * @param queries a row for each sequence, which begins with its heads
   * @param into a row for each sequence: its heads
   */
  public void of(FloatRows queries, Kept kept, double scale, FloatRows into) {
    int heads = into.width() / kept.dim;
    long rows = Arrays.stream(count).asLongStream().sum() / count.length;
    Team.compute(
        count.length * heads,
        rows * kept.dim / AN_ELEMENT,
        (from, to) -> some(from, to, queries, kept, (float) scale, into));
  }

  private void some(int from, int to, FloatRows queries, Kept kept, float scale, FloatRows into) {
    int heads = into.width() / kept.dim;
    for (int i = from; i < to; i++) {
      int sequence = i / heads;
      int head = i % heads;
      float[] scores = new float[count[sequence]];
      MemorySegment scored = MemorySegment.ofArray(scores);
      long at = kept.offset(sequence, first[sequence], head * kept.heads / heads);
      Blas.product(
          scored,
          scale,
          matrix(kept.keys, at, sequence, kept),
          Blas.Form.PLAIN,
          vector(queries, sequence, head, kept.dim));
      FloatRows.softmax(scores);
      Blas.product(
          vector(into, sequence, head, kept.dim),
          1,
          matrix(kept.values, at, sequence, kept),
          Blas.Form.TRANSPOSED,
          scored);
    }
  }

  private Blas.Matrix matrix(MemorySegment memory, long at, int sequence, Kept kept) {
    return new Blas.Matrix(memory.asSlice(at), count[sequence], kept.dim, kept.stride());
  }

  private static MemorySegment vector(FloatRows rows, int row, int head, int dim) {
    long at = (long) row * rows.width() + (long) head * dim;
    return MemorySegment.ofArray(rows.values()).asSlice(at * Float.BYTES, (long) dim * Float.BYTES);
  }
}
