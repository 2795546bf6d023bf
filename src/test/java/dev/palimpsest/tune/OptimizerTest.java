package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizerTest {
  private static final List<FlatView> VIEWS =
      List.of(
          new FlatView("a.weight", 0, new long[] {96, 128}),
          new FlatView("a_norm.weight", 96 * 128, new long[] {128}),
          new FlatView("b.weight", 96 * 128 + 128, new long[] {70, 70}));
  private static final int SIZE = 96 * 128 + 128 + 70 * 70;

  /**
   * Towards the minimum of a noisy bowl: both come to its bottom, where the noise keeps them, and
   * end no further from each other than a hundredth of the way.
   */
  @Test
  void step_adamw8bit_convergesAsAdamw() {
    float[] exact = descended("adamw", 200);
    float[] eight = descended("adamw8bit", 200);
    float[] start = descended("adamw", 0);

    assertThat(distance(eight, exact)).isLessThan(0.01 * distance(exact, start));
    assertThat(loss(exact)).isLessThan(0.1 * loss(start));
    assertThat(loss(eight)).isLessThan(1.05 * loss(exact));
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw", "adamw8bit", "adafactor", "sgd"})
  void stateBytes_ofTheTensors_areTheState(String name) {
    try (Scope _ = Scope.open();
        Optimizer optimizer = Optimizer.of(name, VIEWS, 0, Device.CPU)) {
      long told = VIEWS.stream().mapToLong(view -> Optimizer.stateBytes(name, view.shape())).sum();

      assertThat(optimizer.state().values().stream().mapToLong(Tensor::bytes).sum())
          .isEqualTo(told);
    }
  }

  @Test
  void stateBytes_adamw8bit_areAQuarterOfAdamws() {
    long[] shape = {1024, 1024};

    assertThat(Optimizer.stateBytes("adamw8bit", shape))
        .isEqualTo(2 * 1024 * 1024 + 8 * 4096)
        .isLessThan(Optimizer.stateBytes("adamw", shape) * 26 / 100);
    assertThat(Optimizer.stateBytes("adafactor", shape)).isEqualTo(4 * 2048);
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw", "adamw8bit", "adafactor"})
  void step_decay_sparesNorms(String name) {
    try (Scope _ = Scope.open();
        Optimizer optimizer = Optimizer.of(name, VIEWS, 0.5, Device.CPU)) {
      float[] ones = new float[SIZE];
      Arrays.fill(ones, 1);
      Tensor parameters = Tensor.of(ones, SIZE);

      optimizer.step(parameters, Tensor.of(new float[SIZE], SIZE), 1, 0.1);

      float[] after = parameters.floats();
      assertThat(after[0]).isEqualTo(0.95f);
      assertThat(after[96 * 128]).isEqualTo(1);
      assertThat(after[SIZE - 1]).isEqualTo(0.95f);
    }
  }

  @Test
  void of_adamw8bitElsewhere_isRefused() {
    assertThatThrownBy(() -> Optimizer.of("adamw8bit", VIEWS, 0, Device.META))
        .isInstanceOf(BadInput.class)
        .hasMessage(
            "--optimizer adamw8bit: it computes on the CPU, and the model lies on META; give adamw"
                + " or adafactor");
  }

  @Test
  void settings_unknownOptimizer_isRefused() {
    assertThatThrownBy(() -> FullReferenceTest.settings("adam", 1e-3, 0))
        .isInstanceOf(BadInput.class)
        .hasMessage("--optimizer adam: known are adamw, adamw8bit, adafactor, sgd");
  }

  private static float[] descended(String name, int steps) {
    Random random = new Random(3);
    try (Scope _ = Scope.open();
        Optimizer optimizer = Optimizer.of(name, VIEWS, 0, Device.CPU)) {
      Tensor parameters = Tensor.of(numbers(random, 1), SIZE);
      for (int step = 1; step <= steps; step++) {
        try (Scope _ = Scope.open()) {
          Tensor gradient = parameters.plus(Tensor.of(numbers(random, 0.3), SIZE));
          optimizer.step(parameters, gradient, step, 0.05 * (1 - (step - 1.0) / steps));
        }
      }
      return parameters.floats();
    }
  }

  private static float[] numbers(Random random, double scale) {
    float[] values = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      values[i] = (float) (scale * random.nextGaussian());
    }
    return values;
  }

  private static double loss(float[] values) {
    return distance(values, new float[values.length]);
  }

  private static double distance(float[] found, float[] expected) {
    double sum = 0;
    for (int i = 0; i < found.length; i++) {
      sum += Math.pow(found[i] - expected[i], 2);
    }
    return Math.sqrt(sum);
  }
}
