package dev.palimpsest.tune;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
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

  private static Tensor part(Tensor flat, long from, Trained.Stretch stretch) {
    return flat.narrow(0, from, stretch.size());
  }

  /** AdamW as PyTorch computes it (Loshchilov and Hutter, 1711.05101). */
  final class AdamW implements Optimizer {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;

    private final Tensor mean;
    private final Tensor square;
    private final List<Trained.Stretch> stretches;
    private final double decay;

    AdamW(List<Trained.Stretch> stretches, double decay) {
      long size = stretches.stream().mapToLong(Trained.Stretch::size).sum();
      try (Scope scope = Scope.open()) {
        this.mean = scope.release(Tensor.zeros(DType.F32, size));
        this.square = scope.release(Tensor.zeros(DType.F32, size));
      }
      this.stretches = stretches;
      this.decay = decay;
    }

    @Override
    public void step(Tensor parameters, Tensor gradient, long step, double rate) {
      try (Scope _ = Scope.open()) {
        mean.lerpInPlace(gradient, 1 - BETA1);
        square.timesInPlace(BETA2).plusProductInPlace(gradient, gradient, 1 - BETA2);
        double correction1 = 1 - Math.pow(BETA1, (double) step);
        double correction2 = 1 - Math.pow(BETA2, (double) step);
        Tensor denominator =
            square.sqrt().timesInPlace(1 / Math.sqrt(correction2)).plusInPlace(EPSILON);
        long from = 0;
        for (Trained.Stretch stretch : stretches) {
          double own = rate * stretch.share();
          part(parameters, from, stretch)
              .timesInPlace(1 - own * decay)
              .plusQuotientInPlace(
                  part(mean, from, stretch), part(denominator, from, stretch), -own / correction1);
          from += stretch.size();
        }
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
  record Sgd(List<Trained.Stretch> stretches) implements Optimizer {
    @Override
    public void step(Tensor parameters, Tensor gradient, long step, double rate) {
      try (Scope _ = Scope.open()) {
        long from = 0;
        for (Trained.Stretch stretch : stretches) {
          part(parameters, from, stretch)
              .plusInPlace(part(gradient, from, stretch), -rate * stretch.share());
          from += stretch.size();
        }
      }
    }

    @Override
    public Map<String, Tensor> state() {
      return Map.of();
    }

    @Override
    public void close() {}
  }
}
