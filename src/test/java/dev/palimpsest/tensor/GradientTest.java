package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients in fp64 against central differences: step 1e-5, agreement to 1e-7. */
class GradientTest {
  private static final double STEP = 1e-5;
  private static final double ERROR = 1e-7;

  static Stream<Arguments> operations() {
    long[] heads = {2, 2, 5, 4};
    return Stream.of(
        operation(
            "linear", in -> Functional.linear(in.get(0), in.get(1)), shape(3, 4), shape(5, 4)),
        operation(
            "linear with bias",
            in -> Functional.linear(in.get(0), in.get(1), in.get(2)),
            shape(3, 4),
            shape(5, 4),
            shape(5)),
        operation(
            "rmsNorm", in -> Functional.rmsNorm(in.get(0), in.get(1), 1e-5), shape(3, 4), shape(4)),
        operation("silu", in -> Functional.silu(in.get(0)), shape(7)),
        operation("geluTanh", in -> Functional.geluTanh(in.get(0)), shape(7)),
        operation("rope", in -> Functional.rope(in.get(0), cosines(), sines()), shape(2, 3, 4)),
        operation(
            "causalAttention",
            in -> Functional.causalAttention(in.get(0), in.get(1), in.get(2), 0.5),
            heads,
            heads,
            heads),
        operation(
            "attention with mask",
            in -> Functional.attention(in.get(0), in.get(1), in.get(2), window(), 0.5),
            heads,
            heads,
            heads),
        operation("logSoftmax", in -> Functional.logSoftmax(in.get(0)), shape(3, 6)),
        operation("pick", in -> Functional.pick(in.get(0), Tensor.ofIndices(2, 0, 5)), shape(3, 6)),
        operation("rows", in -> in.get(0).rows(Tensor.ofIndices(1, 1, 0)), shape(3, 2)));
  }

  private static long[] shape(long... sizes) {
    return sizes;
  }

  private static Arguments operation(
      String name, Function<List<Tensor>, Tensor> operation, long[]... shapes) {
    return Arguments.of(name, operation, List.of(shapes));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operations")
  void backward_ofAnOperation_isTheDifferenceQuotient(
      String name, Function<List<Tensor>, Tensor> operation, List<long[]> shapes) {
    Random random = new Random(7);
    List<double[]> values = new ArrayList<>();
    for (long[] shape : shapes) {
      long count = 1;
      for (long size : shape) {
        count *= size;
      }
      values.add(random.doubles(count, -1, 1).toArray());
    }
    List<double[]> gradients = gradients(operation, values, shapes);

    for (int input = 0; input < values.size(); input++) {
      for (int i = 0; i < values.get(input).length; i++) {
        double quotient = quotient(operation, values, shapes, input, i);
        assertThat(gradients.get(input)[i])
            .as("%s: input %s, element %s", name, input, i)
            .isCloseTo(quotient, within(ERROR));
      }
    }
  }

  private static List<double[]> gradients(
      Function<List<Tensor>, Tensor> operation, List<double[]> values, List<long[]> shapes) {
    try (Scope _ = Scope.open()) {
      List<Tensor> inputs = tensors(values, shapes);
      inputs.forEach(Tensor::requireGradient);
      weighted(operation.apply(inputs)).backward();
      List<double[]> gradients = new ArrayList<>();
      for (Tensor input : inputs) {
        Tensor gradient = input.gradient();
        assertThat(gradient).isNotNull();
        gradients.add(gradient.doubles());
      }
      return gradients;
    }
  }

  private static double quotient(
      Function<List<Tensor>, Tensor> operation,
      List<double[]> values,
      List<long[]> shapes,
      int input,
      int element) {
    double[] moved = values.get(input);
    double before = moved[element];
    moved[element] = before + STEP;
    double above = value(operation, values, shapes);
    moved[element] = before - STEP;
    double below = value(operation, values, shapes);
    moved[element] = before;
    return (above - below) / (2 * STEP);
  }

  private static double value(
      Function<List<Tensor>, Tensor> operation, List<double[]> values, List<long[]> shapes) {
    try (Scope _ = Scope.open()) {
      return weighted(operation.apply(tensors(values, shapes))).item();
    }
  }

  private static List<Tensor> tensors(List<double[]> values, List<long[]> shapes) {
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      tensors.add(Tensor.of(values.get(i), shapes.get(i)));
    }
    return tensors;
  }

  /** One number of an output, in which every element has a part of its own. */
  private static Tensor weighted(Tensor output) {
    double[] weights = new Random(11).doubles(output.count(), -1, 1).toArray();
    return output.times(Tensor.of(weights, output.shape())).sum();
  }

  private static Tensor cosines() {
    double[] angles = {0, 0, 1, 0.1, 2, 0.2};
    double[] table = new double[12];
    for (int i = 0; i < 12; i++) {
      table[i] = Math.cos(angles[i / 4 * 2 + i % 2]);
    }
    return Tensor.of(table, 3, 4);
  }

  private static Tensor sines() {
    double[] angles = {0, 0, 1, 0.1, 2, 0.2};
    double[] table = new double[12];
    for (int i = 0; i < 12; i++) {
      table[i] = (i % 4 < 2 ? -1 : 1) * Math.sin(angles[i / 4 * 2 + i % 2]);
    }
    return Tensor.of(table, 3, 4);
  }

  /** Causal, and no further back than two rows. */
  private static Tensor window() {
    double[] mask = new double[25];
    for (int row = 0; row < 5; row++) {
      for (int column = 0; column < 5; column++) {
        boolean seen = column <= row && column > row - 2;
        mask[5 * row + column] = seen ? 0 : Double.NEGATIVE_INFINITY;
      }
    }
    return Tensor.of(mask, 5, 5);
  }
}
