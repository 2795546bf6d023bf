package dev.palimpsest.tune;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Adafactor (Shazeer and Stern, 1804.04235) as transformers.optimization.Adafactor computes it with
 * {@code relative_step=False, scale_parameter=False}: no first moment, and of a matrix's second one
 * the means of its rows and columns alone.
 */
final class Adafactor implements Optimizer {
  private static final double EPSILON = 1e-30;
  private static final double DECAY_RATE = -0.8;
  private static final double MOST_RMS = 1.0;

  private final Tensor square;
  private final List<FlatView> views;
  private final double decay;

  Adafactor(List<FlatView> views, double decay, Device device) {
    long size = views.stream().mapToLong(Adafactor::size).sum();
    try (Scope scope = Scope.open()) {
      this.square = scope.release(Tensor.zeros(device, DType.F32, size));
    }
    this.views = views;
    this.decay = decay;
  }

  /** Elements of state. */
  static long size(FlatView view) {
    return factored(view) ? view.shape()[0] + view.shape()[1] : view.count();
  }

  private static boolean factored(FlatView view) {
    return view.shape().length == 2;
  }

  @Override
  public void step(Tensor parameters, Tensor gradient, long step, double rate) {
    double kept = 1 - Math.pow((double) step, DECAY_RATE);
    long at = 0;
    for (FlatView view : views) {
      try (Scope _ = Scope.open()) {
        Tensor own = square.narrow(0, at, size(view));
        Tensor update = update(own, view, view.in(gradient), kept);
        double rms = Math.sqrt(update.square().sum().item() / view.count());
        update.timesInPlace(rate / Math.max(1, rms / MOST_RMS));
        Optimizer.decay(parameters, List.of(view), rate * decay);
        view.in(parameters).minusInPlace(update);
      }
      at += size(view);
    }
  }

  private static Tensor update(Tensor own, FlatView view, Tensor gradient, double kept) {
    Tensor now = gradient.square().plusInPlace(EPSILON);
    if (!factored(view)) {
      own.timesInPlace(kept).plusInPlace(now.view(view.count()), 1 - kept);
      return own.view(view.shape()).rsqrt().timesInPlace(gradient);
    }
    long rows = view.shape()[0];
    long columns = view.shape()[1];
    Tensor row = own.narrow(0, 0, rows);
    Tensor column = own.narrow(0, rows, columns);
    row.timesInPlace(kept).plusInPlace(now.sum(1), (1 - kept) / columns);
    column.timesInPlace(kept).plusInPlace(now.sum(0), (1 - kept) / rows);
    double mean = row.sum().item() / rows;
    Tensor byRow = row.times(1 / mean).rsqrt().unsqueeze(1);
    return byRow.times(column.rsqrt().unsqueeze(0)).timesInPlace(gradient);
  }

  @Override
  public Map<String, Tensor> state() {
    return Map.of("adafactor.square", square);
  }

  @Override
  public void close() {
    square.close();
  }
}
