package dev.palimpsest.tune;

import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.Precision;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How many operations a second this machine's matrix product reaches at a model's own shapes and in
 * its precision: what training is measured against. Measured once a process, in less than a second.
 */
final class GemmPeak {
  private static final Map<Key, Double> MEASURED = new ConcurrentHashMap<>();

  private static final long NANOS_A_SHAPE = 100_000_000;

  /** Products between two looks at the clock where they are only sent off. */
  private static final int SENT = 100;

  private record Key(ModelConfig config, Precision precision, Device device) {}

  private record Shape(long in, long out) {
    double operations() {
      return 2.0 * Footprint.LEAST_ROWS * in * out;
    }
  }

  private GemmPeak() {}

  /** Operations a second over one block's products, the best of each. */
  static double of(Decoder decoder) {
    return MEASURED.computeIfAbsent(
        new Key(decoder.config(), decoder.precision(), decoder.device()), GemmPeak::measure);
  }

  private static double measure(Key key) {
    double operations = 0;
    double seconds = 0;
    for (Shape shape : shapes(key.config)) {
      operations += shape.operations();
      seconds += fastest(shape, key.precision.products(), key.device) / 1e9;
    }
    return operations / seconds;
  }

  private static long fastest(Shape shape, DType products, Device device) {
    int times = device == Device.CPU ? 1 : SENT;
    try (Scope _ = Scope.open()) {
      Tensor x = Tensor.zeros(device, products, Footprint.LEAST_ROWS, shape.in).plusInPlace(0.5);
      Tensor weight = Tensor.zeros(device, products, shape.out, shape.in).plusInPlace(0.25);
      long best = Long.MAX_VALUE;
      long end = System.nanoTime() + NANOS_A_SHAPE;
      long now = System.nanoTime();
      do {
        for (int i = 0; i < times; i++) {
          try (Scope _ = Scope.open()) {
            Native.withoutGradients(() -> Functional.linear(x, weight));
          }
        }
        if (device != Device.CPU) {
          weight.narrow(0, 0, 1).narrow(1, 0, 1).item(); // comes after all that was sent off
        }
        long after = System.nanoTime();
        best = Math.min(best, after - now);
        now = System.nanoTime();
      } while (now < end);
      return Math.max(1, best / times);
    }
  }

  /** A block's products as they are computed: queries, keys and values at once; gate and up too. */
  private static List<Shape> shapes(ModelConfig config) {
    long queries = (long) config.heads() * config.headWidth();
    long keys = (long) config.keyValueHeads() * config.headWidth();
    return List.of(
        new Shape(config.width(), queries + 2 * keys),
        new Shape(queries, config.width()),
        new Shape(config.width(), 2L * config.feedForward()),
        new Shape(config.feedForward(), config.width()));
  }
}
