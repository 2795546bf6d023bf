package dev.palimpsest.tensor;

import java.util.function.Consumer;

/**
 * {@link RmsNorm} row by row on the JDK's vectors, in one pass over memory.
 *
 * @param inverse address of (rows, heads), F32
 * @param weight address of (width), F32
 */
record NormRows(HeadRows x, int rows, int heads, long inverse, long weight) {

  static NormRows of(RmsNorm norm, Tensor weight) {
    Tensor x = norm.x();
    return new NormRows(
        HeadRows.of(x),
        Math.toIntExact(x.size(0)),
        x.shape().length == 2 ? 1 : Math.toIntExact(x.size(1)),
        norm.inverse().segment().address(),
        weight.segment().address());
  }

  /** One row of one head, and what it takes to compute it. */
  private static final class Row {
    private final float[] weights;
    private final float[] x;
    private final float[] gradient;
    private int row;
    private int head;
    private long inverse; // address

    Row(int width, long weight) {
      weights = new float[width];
      x = new float[width];
      gradient = new float[width];
      for (int i = 0; i < width; i++) {
        weights[i] = Lanes.getFloat(weight + 4L * i);
      }
    }
  }

  private void each(Consumer<Row> work) {
    Team.compute(
        rows,
        (long) heads * x.width(),
        (first, last) -> {
          Row at = new Row(x.width(), weight);
          for (at.row = first; at.row < last; at.row++) {
            for (at.head = 0; at.head < heads; at.head++) {
              at.inverse = inverse + 4L * ((long) at.row * heads + at.head);
              x.load(at.row, at.head, at.x, 0);
              work.accept(at);
            }
          }
        });
  }

  void forward(HeadRows output, double epsilon) {
    each(
        at -> {
          double mean = Lanes.dot(at.x, 0, at.x, 0, at.x.length) / at.x.length;
          float scale = (float) (1 / Math.sqrt(mean + epsilon));
          Lanes.putFloat(scale, at.inverse);
          weigh(at.x, at.weights, scale);
          output.store(at.row, at.head, at.x, 0);
        });
  }

  /** The same, the root known. */
  void again(HeadRows output) {
    each(
        at -> {
          weigh(at.x, at.weights, Lanes.getFloat(at.inverse));
          output.store(at.row, at.head, at.x, 0);
        });
  }

  private static void weigh(float[] x, float[] weights, float scale) {
    for (int i = 0; i < x.length; i++) {
      x[i] = x[i] * scale * weights[i];
    }
  }

  void addGradient(HeadRows gradient, HeadRows into) {
    each(
        at -> {
          gradient.load(at.row, at.head, at.gradient, 0);
          byUnit(at.x, at.weights, at.gradient, Lanes.getFloat(at.inverse));
          into.load(at.row, at.head, at.x, 0);
          Lanes.add(at.gradient, at.x);
          into.store(at.row, at.head, at.x, 0);
        });
  }

  private static void byUnit(float[] x, float[] weights, float[] gradient, float scale) {
    for (int i = 0; i < x.length; i++) {
      gradient[i] *= weights[i];
    }
    float mean = Lanes.dot(gradient, 0, x, 0, x.length) * scale / x.length;
    for (int i = 0; i < x.length; i++) {
      gradient[i] = scale * (gradient[i] - x[i] * scale * mean);
    }
  }
}
