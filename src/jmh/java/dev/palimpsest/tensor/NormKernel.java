package dev.palimpsest.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** RMSNorm of F32 rows in one pass, its output in bf16, and its gradient. */
final class NormKernel {
  private final int width;

  /** Of rows so wide. */
  NormKernel(int width) {
    this.width = width;
  }

  /**
   * x + added, its norm, and what the gradient needs.
   *
   * @param x (rows, width), F32
   * @param added as x, BF16, or 0 for none
   * @param sum as x, F32; with none added it is x
   * @param unit as x, F32, or 0 where no gradient will be asked for
   * @param inverse (rows), F32, or 0 as unit
   * @param output as x, BF16
   */
  record Addresses(
      long x, long added, long sum, long weight, long unit, long inverse, long output) {}

  void forward(Addresses at, int rows, double epsilon) {
    Team.compute(
        rows,
        width,
        (first, last) -> {
          for (int row = first; row < last; row++) {
            long wide = 4L * row * width;
            long x = at.added == 0 ? at.x + wide : add(at, row);
            float inverse = (float) (1 / Math.sqrt(squares(x) / width + epsilon));
            if (at.unit != 0) {
              Lanes.putFloat(inverse, at.inverse + 4L * row);
              keep(x, inverse, at, row);
            } else {
              scale(x, inverse, at.weight, at.output + wide / 2);
            }
          }
        });
  }

  private long add(Addresses at, int row) {
    long wide = 4L * row * width;
    for (long i = 0; i < width; i += Lanes.COUNT) {
      FloatVector added = Lanes.narrow(at.added + wide / 2 + 2 * i);
      Lanes.putWide(Lanes.wide(at.x + wide + 4 * i).add(added), at.sum + wide + 4 * i);
    }
    return at.sum + wide;
  }

  private float squares(long x) {
    FloatVector sum = FloatVector.zero(Lanes.FLOATS);
    for (long i = 0; i < 4L * width; i += 4L * Lanes.COUNT) {
      FloatVector each = Lanes.wide(x + i);
      sum = each.fma(each, sum);
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }

  private void scale(long x, float inverse, long weight, long output) {
    for (long i = 0; i < width; i += Lanes.COUNT) {
      FloatVector unit = Lanes.wide(x + 4 * i).mul(inverse);
      Lanes.putNarrow(unit.mul(Lanes.wide(weight + 4 * i)), output + 2 * i);
    }
  }

  private void keep(long x, float inverse, Addresses at, int row) {
    long wide = 4L * row * width;
    for (long i = 0; i < width; i += Lanes.COUNT) {
      FloatVector unit = Lanes.wide(x + 4 * i).mul(inverse);
      Lanes.putWide(unit, at.unit + wide + 4 * i);
      FloatVector output = unit.mul(Lanes.wide(at.weight + 4 * i));
      Lanes.putNarrow(output, at.output + wide / 2 + 2 * i);
    }
  }

  /**
   * Adds the gradient by x.
   *
   * @param gradient (rows, width), by the output, BF16
   * @param into (rows, width), F32
   */
  void backward(RmsNorm norm, Tensor gradient, Tensor weight, Tensor into) {
    long unit = norm.unit().segment().address();
    long inverse = norm.inverse().segment().address();
    long by = gradient.segment().address();
    long weights = weight.segment().address();
    long to = into.segment().address();
    Team.compute(
        Math.toIntExact(gradient.count() / width),
        width,
        (first, last) -> {
          for (int row = first; row < last; row++) {
            long wide = 4L * row * width;
            float scale = Lanes.getFloat(inverse + 4L * row);
            backward(by + wide / 2, weights, unit + wide, to + wide, scale);
          }
        });
  }

  // inverse · (g − unit · mean(g · unit)), g = gradient · weight
  private void backward(long gradient, long weight, long unit, long into, float inverse) {
    FloatVector sum = FloatVector.zero(Lanes.FLOATS);
    for (long i = 0; i < width; i += Lanes.COUNT) {
      FloatVector g = Lanes.narrow(gradient + 2 * i).mul(Lanes.wide(weight + 4 * i));
      sum = g.fma(Lanes.wide(unit + 4 * i), sum);
    }
    float mean = sum.reduceLanes(VectorOperators.ADD) / width;
    for (long i = 0; i < width; i += Lanes.COUNT) {
      FloatVector g = Lanes.narrow(gradient + 2 * i).mul(Lanes.wide(weight + 4 * i));
      FloatVector rest = g.sub(Lanes.wide(unit + 4 * i).mul(mean)).mul(inverse);
      Lanes.putWide(Lanes.wide(into + 4 * i).add(rest), into + 4 * i);
    }
  }
}
