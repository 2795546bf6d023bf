package dev.palimpsest.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Attention of one new row of each of several sequences to the rows that are kept of its own: two
 * products of a matrix and a vector for each head. An operation for many rows lays keys and values
 * out anew for its tiles, which takes longer than these products (docs/decisions/decoding.md). A
 * sequence's bits hang on its own rows alone.
 */
public final class DecodeAttention {
  /** Scores of all sequences have a common width, in steps, so that no tail is summed otherwise. */
  private static final int STEP = 64;

  /** Multiplications for each thread; with fewer a second one costs more than it does. */
  private static final long WORTH_A_THREAD = 1 << 21;

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
   * Softmax(q · kᵀ · scale) · v.
   *
   * @param q (sequences, heads, dim), F32
   * @param keys (at least as many sequences, capacity, key-value heads, dim), F32, contiguous
   * @param values as keys
   * @return as q
   */
  public Tensor of(Tensor q, Tensor keys, Tensor values, double scale) {
    return Blas.isThere() && q.handle().is_cpu()
        ? byVectors(q, keys, values, scale)
        : masked(q, keys, values, scale);
  }

  private static int roundUp(IntStream rows) {
    return (rows.max().orElse(0) + STEP - 1) / STEP * STEP;
  }

  Tensor byVectors(Tensor q, Tensor keys, Tensor values, double scale) {
    int heads = Math.toIntExact(q.size(1));
    int width = roundUp(Arrays.stream(count));
    Tensor scores =
        Tensor.zeros(DType.F32, count.length, heads, width).plusInPlace(Double.NEGATIVE_INFINITY);
    Tensor output = Tensor.empty(DType.F32, q.shape());
    Kept kept = new Kept(keys, heads);
    Kept given = new Kept(values, heads);
    Vectors asked = new Vectors(q.contiguous());
    Vectors scored = new Vectors(scores);
    each(
        kept,
        i -> Blas.product(scored.at(i), (float) scale, kept.of(i), Blas.Form.PLAIN, asked.at(i)));
    Vectors weighed = new Vectors(Functional.softmax(scores));
    Vectors written = new Vectors(output);
    each(
        given,
        i -> Blas.product(written.at(i), 1, given.of(i), Blas.Form.TRANSPOSED, weighed.at(i)));
    return output;
  }

  /** One vector for each head of each sequence, end to end. */
  private record Vectors(MemorySegment elements, long bytes) {
    Vectors(Tensor tensor) {
      this(tensor.segment(), tensor.size(-1) * Float.BYTES);
    }

    MemorySegment at(int index) {
      return elements.asSlice(index * bytes, bytes);
    }
  }

  /** Keys or values that each head of each sequence sees. */
  private final class Kept {
    private final MemorySegment elements;
    private final int heads;
    private final int group;
    private final int dim;
    private final int stride;
    private final long capacity;

    Kept(Tensor tensor, int heads) {
      this.elements = tensor.segment();
      this.heads = heads;
      this.group = heads / Math.toIntExact(tensor.size(2));
      this.dim = Math.toIntExact(tensor.size(3));
      this.stride = heads / group * dim;
      this.capacity = tensor.size(1);
    }

    Blas.Matrix of(int index) {
      int sequence = index / heads;
      long row = sequence * capacity + first[sequence];
      long from = row * stride + (long) (index % heads / group) * dim;
      return new Blas.Matrix(elements.asSlice(from * Float.BYTES), count[sequence], dim, stride);
    }
  }

  /** Does the work of every head of every sequence, on as many threads as operations may use. */
  private void each(Kept kept, IntConsumer work) {
    int items = count.length * kept.heads;
    long products = (long) Arrays.stream(count).sum() * kept.heads * kept.dim;
    int threads = Math.clamp(products / WORTH_A_THREAD, 1, Native.threads());
    IntStream.range(0, threads)
        .parallel()
        .forEach(
            thread -> {
              for (int i = thread * items / threads; i < (thread + 1) * items / threads; i++) {
                work.accept(i);
              }
            });
  }

  Tensor masked(Tensor q, Tensor keys, Tensor values, double scale) {
    IntStream ends = IntStream.range(0, count.length).map(i -> first[i] + count[i]);
    int visible = Math.toIntExact(Math.min(keys.size(1), roundUp(ends)));
    float[] mask = new float[count.length * visible];
    Arrays.fill(mask, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < count.length; i++) {
      int from = i * visible + first[i];
      Arrays.fill(mask, from, from + count[i], 0);
    }
    long shared = keys.size(2);
    // the heads of a group are its rows
    Tensor output =
        Functional.attention(
            q.reshape(count.length, shared, q.size(1) / shared, q.size(2)),
            seen(keys, visible),
            seen(values, visible),
            Tensor.of(mask, count.length, 1, 1, visible),
            scale);
    return output.reshape(q.shape());
  }

  // to (sequences, key-value heads, visible, dim)
  private Tensor seen(Tensor kept, int visible) {
    return kept.narrow(0, 0, count.length).narrow(1, 0, visible).permute(0, 2, 1, 3);
  }
}
