package dev.palimpsest.tune;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** AdamW as PyTorch computes it (Loshchilov and Hutter, 1711.05101). */
final class AdamW implements Optimizer {
  static final double BETA1 = 0.9;
  static final double BETA2 = 0.999;
  static final double EPSILON = 1e-8;

  /**
   * Elements at a time: few enough for the caches, since a step reads and writes some ten times.
   */
  static final long PIECE = 1L << 19;

  /** On a GPU, whose calls take as long whatever their size. */
  private static final long PIECE_THERE = 1L << 26;

  private final Tensor mean;
  private final Tensor square;
  private final List<FlatView> views;
  private final double decay;

  AdamW(List<FlatView> views, double decay, Device device) {
    long size = views.stream().mapToLong(FlatView::count).sum();
    try (Scope scope = Scope.open()) {
      this.mean = scope.release(Tensor.zeros(device, DType.F32, size));
      this.square = scope.release(Tensor.zeros(device, DType.F32, size));
    }
    this.views = views;
    this.decay = decay;
  }

  @Override
  public void step(Tensor parameters, Tensor gradient, long step, double rate) {
    try (Scope _ = Scope.open()) {
      Optimizer.decay(parameters, views, rate * decay);
    }
    long piece = piece(parameters);
    for (long from = 0; from < parameters.count(); from += piece) {
      long count = Math.min(piece, parameters.count() - from);
      try (Scope _ = Scope.open()) {
        step(
            parameters.narrow(0, from, count),
            gradient.narrow(0, from, count),
            new Moments(mean.narrow(0, from, count), square.narrow(0, from, count)),
            step,
            rate);
      }
    }
  }

  /** Elements of a vector at a time, where it lies. */
  static long piece(Tensor vector) {
    return vector.device() == Device.CPU ? PIECE : PIECE_THERE;
  }

  /** Running means of the gradient and of its square. */
  record Moments(Tensor mean, Tensor square) {}

  /** One step without decay, in the scope that is open. */
  static void step(Tensor parameters, Tensor gradient, Moments moments, long step, double rate) {
    moments.mean.lerpInPlace(gradient, 1 - BETA1);
    moments.square.timesInPlace(BETA2).plusProductInPlace(gradient, gradient, 1 - BETA2);
    double correction1 = 1 - Math.pow(BETA1, (double) step);
    double correction2 = 1 - Math.pow(BETA2, (double) step);
    Tensor denominator =
        moments.square.sqrt().timesInPlace(1 / Math.sqrt(correction2)).plusInPlace(EPSILON);
    parameters.plusQuotientInPlace(moments.mean, denominator, -rate / correction1);
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
