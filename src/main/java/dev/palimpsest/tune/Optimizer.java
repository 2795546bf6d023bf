package dev.palimpsest.tune;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Map;

/** Moves parameters along their gradient. */
interface Optimizer extends AutoCloseable {
  /**
   * One step.
   *
   * @param step from 1
   * @param rate learning rate
   */
  void step(Tensor parameters, Tensor gradient, long step, double rate);

  /** What it remembers between steps, by name, in place. */
  Map<String, Tensor> state();

  @Override
  void close();

  /** AdamW as PyTorch computes it (Loshchilov and Hutter, 1711.05101). */
  final class AdamW implements Optimizer {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;

    private final Tensor mean;
    private final Tensor square;
    private final double decay;

    AdamW(long size, double decay) {
      try (Scope scope = Scope.open()) {
        this.mean = scope.release(Tensor.zeros(DType.F32, size));
        this.square = scope.release(Tensor.zeros(DType.F32, size));
      }
      this.decay = decay;
    }

    @Override
    public void step(Tensor parameters, Tensor gradient, long step, double rate) {
      try (Scope _ = Scope.open()) {
        parameters.timesInPlace(1 - rate * decay);
        mean.lerpInPlace(gradient, 1 - BETA1);
        square.timesInPlace(BETA2).plusProductInPlace(gradient, gradient, 1 - BETA2);
        double correction1 = 1 - Math.pow(BETA1, (double) step);
        double correction2 = 1 - Math.pow(BETA2, (double) step);
        Tensor denominator =
            square.sqrt().timesInPlace(1 / Math.sqrt(correction2)).plusInPlace(EPSILON);
        parameters.plusQuotientInPlace(mean, denominator, -rate / correction1);
      }
    }

    @Override
    public Map<String, Tensor> state() {
      return Map.of("adam.mean", mean, "adam.square", square);
    }

    @Override
    public void close() {
      mean.close();
      square.close();
    }
  }

  /** Plain gradient descent. */
  record Sgd() implements Optimizer {
    @Override
    public void step(Tensor parameters, Tensor gradient, long step, double rate) {
      parameters.plusInPlace(gradient, -rate);
    }

    @Override
    public Map<String, Tensor> state() {
      return Map.of();
    }

    @Override
    public void close() {}
  }
}
