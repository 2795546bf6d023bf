package dev.palimpsest.merge;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.BadInput;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Weight reuse with tiling, as phi-2 began as phi-1.5 (Javaheripi, "Phi-2: the surprising power of
 * small language models", 2023): every matrix is filled with repetitions of the old one as it is,
 * and block i of n is the old block round(i / n · old). It changes what the model computes; to be
 * trained on.
 *
 * @param layers of the new model; the base's if empty
 */
public record Tiling(int times, OptionalInt layers) implements Growth {
  /** Checks the number. */
  public Tiling {
    WidthCloning.requireTimes(times);
  }

  @Override
  public String name() {
    return "tile";
  }

  @Override
  public boolean preserving() {
    return false;
  }

  @Override
  public Blueprint over(ModelConfig base) {
    int count = layers.orElse(base.layers());
    if (count < base.layers() || count > 10 * base.layers()) {
      throw new BadInput(
          "--layers %d: the model has %d; give as many or more, up to ten times"
              .formatted(count, base.layers()));
    }
    List<Integer> blocks = map(base.layers(), count);
    ModelConfig wide = base.grown(blocks, times);
    Map<String, long[]> shapes = ModelTensors.shapes(wide);
    return new Blueprint(
        base,
        wide,
        blocks,
        (name, origin) -> Blueprint.tiled(origin, Objects.requireNonNull(shapes.get(name))));
  }

  /** Halves are rounded to even, as by Python's {@code round}. */
  static List<Integer> map(int old, int layers) {
    return IntStream.range(0, layers)
        .mapToObj(i -> (int) Math.min(old - 1, Math.rint((double) i / layers * old)))
        .toList();
  }
}
