package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which rows each expert of a mixture takes, and by how much they count.
 *
 * @param weights (rows, experts), F32: the softmax over each row's chosen experts, 0 for the others
 * @param shares of the experts that any row has chosen, in the experts' order
 */
record Routing(Tensor weights, List<Share> shares) {
  /**
   * A pass of a decoding step has so few rows that the bits of a product may hang on their number
   * (docs/decisions/packed-weights.md): there each expert multiplies as many rows as the pass has.
   */
  private static final int FEW_ROWS = 32;

  /** bf16 products over an odd number of rows are four times slower. */
  private static final int ROW_STEP = 16;

  /**
   * The rows of one expert.
   *
   * @param rows their numbers, ascending
   * @param filled the same, filled up with row 0 to the number of rows that is multiplied
   */
  record Share(int expert, Tensor rows, Tensor filled) {
    static Share of(int expert, int[] rows, int all) {
      int up = Math.ceilDiv(rows.length, ROW_STEP) * ROW_STEP;
      int multiplied = all <= FEW_ROWS ? all : Math.min(all, up);
      return new Share(
          expert, Tensor.ofIndices(rows), Tensor.ofIndices(Arrays.copyOf(rows, multiplied)));
    }

    /** The expert's input, of all rows' input. */
    Tensor padded(Tensor x) {
      return x.rows(filled);
    }

    /** The expert's own rows of what it made. */
    Tensor cut(Tensor padded) {
      return padded.narrow(0, 0, rows.count());
    }

    /** By how much they count, (rows, 1). */
    Tensor weights(Routing routing) {
      return routing.weights.narrow(1, expert, 1).rows(rows);
    }
  }

  /**
   * Each row's largest logits; of equal ones the first.
   *
   * @param logits of the router, (rows, experts)
   */
  static Routing of(Tensor logits, int chosen) {
    int all = Math.toIntExact(logits.size(0));
    int experts = Math.toIntExact(logits.size(1));
    float[] values = logits.detach().floats();
    float[] mask = new float[values.length];
    Arrays.fill(mask, Float.NEGATIVE_INFINITY);
    List<List<Integer>> taken = IntStream.range(0, experts).mapToObj(_ -> rowList()).toList();
    for (int row = 0; row < all; row++) {
      for (int expert : largest(values, row * experts, experts, chosen)) {
        mask[row * experts + expert] = 0;
        taken.get(expert).add(row);
      }
    }
    Tensor weights =
        Functional.logSoftmax(
                logits.to(DType.F32).plus(Tensor.of(mask, all, experts).to(logits.device())))
            .exp();
    return new Routing(
        weights,
        IntStream.range(0, experts)
            .filter(expert -> !taken.get(expert).isEmpty())
            .mapToObj(expert -> Share.of(expert, ints(taken.get(expert)), all))
            .toList());
  }

  private static List<Integer> rowList() {
    return new ArrayList<>();
  }

  private static int[] ints(List<Integer> rows) {
    return rows.stream().mapToInt(Integer::intValue).toArray();
  }

  private static int[] largest(float[] values, int from, int experts, int chosen) {
    return IntStream.range(0, experts)
        .boxed()
        .sorted((a, b) -> Float.compare(values[from + b], values[from + a])) // stable
        .limit(chosen)
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
