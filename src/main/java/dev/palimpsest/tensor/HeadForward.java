package dev.palimpsest.tensor;

import dev.palimpsest.tensor.HeadArrays.Source;
import dev.palimpsest.tensor.Tiles.Panel;
import dev.palimpsest.tensor.VectorAttention.Rows;

/**
 * One head's attention within one document.
 *
 * @param output is overwritten in the document's own rows
 * @param logSumExp address of (rows, heads), F32, the same
 */
record HeadForward(Source source, HeadRows output, long logSumExp) {

  void compute(Rows document, int head) {
    HeadArrays arrays = new HeadArrays(source, document, head);
    Panel columns = arrays.transposed(arrays.keys());
    Panel values = arrays.values();
    Panel queries = arrays.take(Tiles.ROWS, arrays.stride);
    Panel sums = arrays.take(Tiles.ROWS, arrays.stride);
    Panel weights = arrays.take(Tiles.ROWS, arrays.filled);
    Visible own = document.own();
    for (int i = 0; i < own.count(); i += Tiles.ROWS) {
      Visible four = own.rows(i, Tiles.ROWS);
      arrays.queries(four, queries);
      arrays.product(queries, columns, weights, four);
      for (int j = 0; j < four.count(); j++) {
        Lanes.putFloat(
            softmax(four, j, weights, (float) source.heads().scale()),
            arrays.logSumExp(logSumExp, four.first() + j));
      }
      arrays.weighted(weights, values, sums, four);
      arrays.store(sums, four, output);
    }
  }

  /** Gives the log Σ exp of the scores that it overwrites. */
  private static float softmax(Visible visible, int row, Panel scores, float scale) {
    int at = row * scores.stride();
    int from = at + visible.from();
    int to = at + visible.filledTo();
    visible.hide(row, scores.data(), at, visible, Float.NEGATIVE_INFINITY);
    float most = scale * Lanes.most(scores.data(), from, to);
    Lanes.exponentials(scores.data(), from, to, scale, most);
    float sum = Lanes.sum(scores.data(), from, to);
    Lanes.scale(scores.data(), from, to, 1 / sum);
    visible.hide(row, scores.data(), at, visible, 0);
    return most + (float) Math.log(sum);
  }
}
