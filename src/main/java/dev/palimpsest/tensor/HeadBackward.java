package dev.palimpsest.tensor;

import dev.palimpsest.tensor.HeadArrays.Source;
import dev.palimpsest.tensor.Tiles.Panel;
import dev.palimpsest.tensor.VectorAttention.Rows;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The gradient of one head's attention within one document.
 *
 * @param logSumExp address of (rows, heads), F32
 * @param gradient by the output
 * @param byQ is overwritten in the document's own rows
 * @param byK (places, heads, width), F32: each head's share of the gradient by keys, still rotated
 * @param byV as byK
 */
record HeadBackward(
    Source source,
    HeadRows output,
    long logSumExp,
    HeadRows gradient,
    HeadRows byQ,
    HeadRows byK,
    HeadRows byV) {
  /** Rows whose gradients by keys and values are added up at once. */
  private static final int ROWS = 8 * Tiles.ROWS;

  /** Puts the gradients by keys and values down from a place on. */
  void compute(Rows document, int head, int place) {
    HeadArrays arrays = new HeadArrays(source, document, head);
    Work work = new Work(this, arrays);
    Visible own = document.own();
    for (int i = 0; i < own.count(); i += ROWS) {
      work.add(own.rows(i, ROWS));
    }
    for (int i = 0; i < arrays.rows.length; i++) {
      byK.store(place + i, head, work.byKeys.data(), i * arrays.stride);
      byV.store(place + i, head, work.byValues.data(), i * arrays.stride);
    }
  }

  private static final class Work {
    private final HeadBackward all;
    private final HeadArrays arrays;
    private final Panel keys;
    private final Panel keyColumns;
    private final Panel valueColumns;
    private final Panel queries;
    private final Panel gradients;
    private final Panel sums;
    private final Panel weights;
    private final Panel byScores;
    final Panel byKeys;
    final Panel byValues;

    Work(HeadBackward all, HeadArrays arrays) {
      this.all = all;
      this.arrays = arrays;
      this.keys = arrays.keys();
      this.keyColumns = arrays.transposed(keys);
      this.valueColumns = arrays.transposed(arrays.values());
      this.queries = arrays.take(ROWS, arrays.stride);
      this.gradients = arrays.take(ROWS, arrays.stride);
      this.sums = arrays.take(Tiles.ROWS, arrays.stride);
      this.weights = arrays.take(ROWS, arrays.filled);
      this.byScores = arrays.take(ROWS, arrays.filled);
      this.byKeys = zeros();
      this.byValues = zeros();
    }

    private Panel zeros() {
      Panel made = arrays.take(arrays.filled, arrays.stride);
      Arrays.fill(made.data(), 0, arrays.filled * arrays.stride, 0);
      return made;
    }

    /** Adds what some rows give. */
    void add(Visible tile) {
      arrays.queries(tile, queries);
      arrays.load(all.gradient, tile, gradients);
      for (int i = 0; i < tile.count(); i += Tiles.ROWS) {
        four(tile, i);
      }
      for (int column = tile.from(); column < tile.to(); column += Tiles.ROWS) {
        int from = Math.max(0, column - tile.first()); // the rows before do not see it
        int depth = tile.count() - from;
        share(weights.from(from, column), gradients.from(from, 0), byValues.from(column, 0), depth);
        share(byScores.from(from, column), queries.from(from, 0), byKeys.from(column, 0), depth);
      }
    }

    private void share(Panel ofRows, Panel rows, Panel into, int depth) {
      Tiles.addTransposed(ofRows, rows, into, arrays.stride, depth);
    }

    private void four(Visible tile, int row) {
      Visible four = tile.rows(row, Tiles.ROWS);
      Panel by = gradients.from(row, 0);
      Panel weight = weights.from(row, 0);
      Panel byScore = byScores.from(row, 0);
      arrays.product(queries.from(row, 0), keyColumns, weight, four);
      arrays.product(by, valueColumns, byScore, four);
      arrays.load(all.output, four, sums);
      for (int i = 0; i < four.count(); i++) {
        float logSumExp = Lanes.getFloat(arrays.logSumExp(all.logSumExp, four.first() + i));
        float mean = dot(by, sums, i);
        row(four, weight.from(i, 0), byScore.from(i, 0), logSumExp, mean);
        four.hide(i, weight.data(), weight.from(i, 0).at(), tile, 0);
        four.hide(i, byScore.data(), byScore.from(i, 0).at(), tile, 0);
      }
      arrays.weighted(byScore, keys, sums, four);
      arrays.storeByQueries(sums, four, all.byQ);
    }

    private float dot(Panel a, Panel b, int row) {
      int at = row * arrays.stride;
      return Lanes.dot(a.data(), a.at() + at, b.data(), b.at() + at, arrays.stride);
    }

    // scores become weights, and gradients by these those by q · kᵀ
    private void row(Visible four, Panel scores, Panel by, float logSumExp, float mean) {
      float scale = (float) all.source.heads().scale();
      int from = four.from();
      int length = four.filledTo() - from;
      Lanes.exponentials(
          scores.data(), scores.at() + from, scores.at() + from + length, scale, logSumExp);
      byScores(scores.from(0, from), by.from(0, from), length, scale, mean);
    }
  }

  private static void byScores(Panel weights, Panel by, int length, float scale, float mean) {
    for (int i = 0; i < length; i += Lanes.COUNT) {
      FloatVector weight = FloatVector.fromArray(Lanes.FLOATS, weights.data(), weights.at() + i);
      FloatVector each = FloatVector.fromArray(Lanes.FLOATS, by.data(), by.at() + i);
      each.sub(mean).mul(weight).mul(scale).intoArray(by.data(), by.at() + i);
    }
  }
}
